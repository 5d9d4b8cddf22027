/** Who people are is said by the real nginx, which asks for their names and passwords itself; in Chromium. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { TestCertificate } from "../support/test-certificate.ts";
import { Site } from "./site.ts";

const SIGN_OUT_URL = "https://sign-out.example.org/bye";
const PASSWORD = "correct horse battery";

let folder: string;
let certificate: TestCertificate;
let site: Site;
let browser: Browser;

before(async () => {
	folder = mkdtempSync(join(tmpdir(), "berth-people-"));
	const people = join(folder, "people");
	writeFileSync(people, ["ada", "eve"].map((name) => `${name}:{PLAIN}${PASSWORD}\n`).join(""));
	certificate = new TestCertificate();
	site = await Site.start({
		proxy: "nginx",
		certificate,
		// As the example's comment says.
		changes: {
			'proxy_set_header X-Remote-User "";': `auth_basic "Berth"; auth_basic_user_file ${people}; proxy_set_header X-Remote-User $remote_user;`,
		},
		settings: { SIGN_IN: "proxy", PROXY_SIGN_OUT_URL: SIGN_OUT_URL },
	});
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await site?.[Symbol.asyncDispose]();
	certificate?.[Symbol.dispose]();
	rmSync(folder, { recursive: true });
});

async function arrive(username: string, headers: Record<string, string> = {}): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, site.base, {
		ignoreHTTPSErrors: true,
		httpCredentials: { username, password: PASSWORD },
		extraHTTPHeaders: headers,
	});
	await person.untilPrompt();
	return person;
}

async function nameOf(person: TerminalPage): Promise<string> {
	await person.page.goto(`${site.base}/account`);
	return await person.page.locator("#who-name").innerText();
}

test("whoever the proxy lets in has their terminal, finds it again, and signs out at the proxy", async () => {
	const ada = await arrive("ada");
	assert.equal(await ada.run("echo hers > ~/file; cat ~/file"), "hers");
	await ada.page.reload();
	await ada.untilText(/hers\n/);
	assert.equal(await nameOf(ada), "ada");
	const asked = ada.page.waitForRequest(SIGN_OUT_URL);
	await ada.page.route(SIGN_OUT_URL, (route) => route.fulfill({ body: "bye" }));
	await ada.page.getByRole("button", { name: "Sign out" }).click();
	await asked;
	await ada.close();
});

test("nobody is somebody else by saying so", async () => {
	const eve = await arrive("eve", { "X-Remote-User": "ada" });
	assert.equal(await eve.run("cat ~/file 2>/dev/null || echo nothing"), "nothing");
	assert.equal(await nameOf(eve), "eve");
	await eve.close();
});

test("whoever the proxy does not know gets nothing", async () => {
	const context = await browser.newContext({ ignoreHTTPSErrors: true });
	const response = await context.request.get(`${site.base}/container-terminal`);
	assert.equal(response.status(), 401);
	await context.close();
});
