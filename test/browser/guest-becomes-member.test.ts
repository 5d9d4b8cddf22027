/** From a guest with files and no name to a member with the same files, and with secrets, in Chromium. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type { ApiClient } from "../support/api-client.ts";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator } from "../support/members.ts";
import { fillIn } from "./people.ts";

let gateway: GatewayProcess;
let operator: ApiClient;
let browser: Browser;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password,anonymous" });
	operator = await firstOperator(gateway);
	browser = await launchBrowser();
});
after(async () => {
	await browser.close();
	await gateway[Symbol.asyncDispose]();
});

test("a guest signs in, takes the files along, and finds them; a secret that is set is in the next shell", async () => {
	await addMember(operator, "frances");
	const person = await TerminalPage.open(browser, gateway.base);
	const { page } = person;
	await person.untilPrompt();
	await person.run("mkdir work; echo mine > work/file; chmod 600 work/file; ln -s work/file link");
	await page.goto(`${gateway.base}/sign-in`);
	await fillIn(person, "frances");
	await person.untilPrompt();
	assert.equal(await person.run("ls"), "");
	await page.goto(`${gateway.base}/account`);
	await page.getByRole("button", { name: "Take the guest’s files" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Take the files" }).click();
	await page.getByText("The guest’s files are yours now.").waitFor();
	assert.equal(await page.locator("#guest-files").isVisible(), false);
	const said = (await page.locator("#done").textContent()) ?? "";
	const [, place] = /They are in ~\/(guest-[\d-]+)\./.exec(said) ?? [];
	assert.ok(place, said);
	await page.locator("#secret-name").fill("API_KEY");
	await page.locator("#secret-value").fill("from-the-page");
	await page.getByRole("button", { name: "Set secret" }).click();
	await page.getByText("API_KEY is set").waitFor();
	assert.deepEqual(
		(await page.context().cookies()).filter(({ name }) => name.endsWith("berth_guest")),
		[],
	);
	await page.goto(`${gateway.base}/container-terminal`);
	await person.untilPrompt();
	assert.equal(await person.run(`cat ${place}/link; stat -c %a ${place}/work/file`), "mine\n600");
	await page.getByTestId("new-tab").click();
	await person.untilPrompt();
	assert.equal(await person.run("echo $API_KEY"), "from-the-page");
	await person.close();
});
