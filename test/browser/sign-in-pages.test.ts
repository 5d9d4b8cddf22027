/** The pages by which people come in, see to their account, and leave, in real Chromium. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type { ApiClient } from "../support/api-client.ts";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, PASSWORD, printedLink } from "../support/members.ts";
import { fillIn, forgive, invite, signIn } from "./people.ts";

let gateway: GatewayProcess;
let operator: ApiClient;
let browser: Browser;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password,anonymous" });
	operator = await firstOperator(gateway);
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
});

test("the printed link makes the first operator, who chooses a name and is at a terminal", async () => {
	await using own = await GatewayProcess.start({ SIGN_IN: "password" });
	const link = printedLink(own);
	assert.ok(link, "a link was printed");
	const person = await TerminalPage.open(browser, own.base);
	assert.equal(new URL(person.page.url()).pathname, "/sign-in");
	await person.page.goto(link);
	await person.page.getByRole("heading", { name: "Set up this Berth" }).waitFor();
	await person.page.getByLabel("Name").fill("Ada Lovelace");
	await person.page.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await person.page.getByRole("button", { name: "Set password and sign in" }).click();
	await person.untilPrompt();
	await person.page.goto(`${own.base}/account`);
	await person.page.getByText("Operator: runs this Berth").waitFor();
	assert.equal(await person.page.locator("#who-name").innerText(), "Ada Lovelace");
	await person.page.goto(link);
	await person.page.getByText("This link was used already").waitFor();
	forgive(person, 410);
	await person.close();
});

test("an invitation names whom it is for, and asks for ten characters at least", async () => {
	const person = await TerminalPage.open(browser, gateway.base);
	await person.page.goto(`${gateway.base}${await invite(operator, "grace")}`);
	await person.page.getByRole("heading", { name: "Welcome to Berth" }).waitFor();
	assert.equal(await person.page.getByLabel("Name").inputValue(), "grace");
	assert.equal(await person.page.getByLabel("Name").isEditable(), false);
	const password = person.page.getByLabel("Password", { exact: true });
	assert.equal(await password.getAttribute("autocomplete"), "new-password");
	await password.fill("too short");
	await person.page.keyboard.press("Enter");
	assert.equal(await password.evaluate((field) => field instanceof HTMLInputElement && field.validity.valid), false);
	await password.fill(PASSWORD);
	await person.page.keyboard.press("Enter");
	await person.untilPrompt();
	await person.close();
});

test("a wrong password is told beside the form, and after too many the page counts down", async () => {
	await addMember(operator, "katherine");
	const person = await TerminalPage.open(browser, gateway.base);
	await person.page.goto(`${gateway.base}/sign-in`);
	await fillIn(person, "katherine", "not the password");
	const problem = person.page.locator("#password-problem");
	await problem.getByText("The name or the password is wrong.").waitFor();
	assert.equal(await person.page.evaluate(() => document.activeElement?.id), "password");
	for (let attempt = 0; attempt < 40 && !(await problem.innerText()).includes("too many"); attempt += 1) {
		const answered = person.page.waitForResponse("**/sign-ins/password");
		await fillIn(person, "katherine", `wrong again ${attempt}`);
		await answered;
		await person.page.waitForFunction(() => document.querySelector("#password-problem")?.textContent !== "");
	}
	await problem.getByText("There were too many attempts. Wait ").waitFor();
	await person.page.getByRole("button", { name: /^Try again in \d/ }).waitFor();
	forgive(person, 401);
	forgive(person, 429);
	await person.close();
});

test("what the address says is told in the page's own words, or not at all", async () => {
	const person = await TerminalPage.open(browser, gateway.base);
	await person.page.goto(`${gateway.base}/sign-in?error=SIGN_IN_REFUSED`);
	await person.page.getByText("This sign-in was not accepted.").waitFor();
	assert.equal(new URL(person.page.url()).search, "");
	for (const error of ["<img src=x onerror=alert(1)>", "__proto__", "Call 555-1234", "toString"]) {
		await person.page.goto(`${gateway.base}/sign-in?error=${encodeURIComponent(error)}`);
		await person.page.getByLabel("Name").waitFor();
		assert.equal(await person.page.locator("#problem").innerText(), "", error);
	}
	await person.close();
});

test("a sign-in that is ended from elsewhere loses its terminal within a second, and the other one stays", async (t) => {
	await addMember(operator, "hedy");
	const laptop = await signIn(browser, gateway.base, "hedy");
	await laptop.type("echo mine-$((40 + 2))\n");
	await laptop.untilText(/mine-42/);
	const phone = await signIn(browser, gateway.base, "hedy");
	await phone.untilText(/mine-42/);
	await phone.page.goto(`${gateway.base}/account`);
	const row = phone.page.getByRole("listitem").filter({ hasNotText: "This browser" });
	let asked = 0;
	laptop.page.on("request", () => {
		asked += 1;
	});
	const covered = laptop.page
		.getByRole("heading", { name: "You are signed out" })
		.waitFor()
		.then(() => performance.now());
	const pressed = performance.now();
	await row
		.first()
		.getByRole("button", { name: /^End the sign-in of Chrome/ })
		.click();
	const afterMs = Math.round((await covered) - pressed);
	t.diagnostic(`covered after ${afterMs} ms`);
	assert.ok(afterMs < 1_000, `covered after ${afterMs} ms`);
	const left = await laptop.page.evaluate(() => document.body.innerText + document.title);
	assert.doesNotMatch(left, /mine/, "nothing of it can be read any more");
	assert.equal(await laptop.page.evaluate(() => document.activeElement?.textContent), "Sign in");
	await phone.page.getByText("The sign-in of Chrome on Linux has ended.").waitFor();
	assert.equal(await phone.page.evaluate(() => document.activeElement?.id), "sign-ins-title");
	await phone.page.getByRole("link", { name: "Open the terminal" }).click();
	await phone.untilPrompt();
	await phone.untilText(/mine-42/);
	assert.equal(asked, 0, "it does not try again by itself");
	await laptop.page.getByRole("button", { name: "Sign in" }).click();
	await fillIn(laptop, "hedy");
	await laptop.untilPrompt();
	await laptop.untilText(/mine-42/);
	await laptop.close();
	await phone.close();
});

test("a page that did not hear of the end of its sign-in shows nothing to whoever the browser is then", async () => {
	await addMember(operator, "annie");
	const person = await signIn(browser, gateway.base, "annie");
	await person.type("echo mine-$((40 + 2))\n");
	await person.untilText(/mine-42/);
	await gateway.stop();
	// The browser was a guest once, and is that again without its sign-in.
	const cookies = await person.context.cookies();
	assert.ok(cookies.some(({ name }) => name === "berth_guest"));
	await person.context.clearCookies({ name: "berth_sign_in" });
	await gateway.start();
	await person.page.getByRole("heading", { name: "You are signed out" }).waitFor();
	assert.doesNotMatch(await person.page.evaluate(() => document.body.innerText), /mine/);
	person.complaints.length = 0;
	await person.close();
});

test("signing in anew in another tab hands the first one over", async () => {
	await addMember(operator, "mary");
	await addMember(operator, "jean");
	const person = await signIn(browser, gateway.base, "mary");
	await person.type("echo mine-$((40 + 2))\n");
	await person.untilText(/mine-42/);
	const other = await person.context.newPage();
	await other.goto(`${gateway.base}/sign-in`);
	await other.getByText("You are signed in as mary.").waitFor();
	await other.getByLabel("Name").fill("jean");
	await other.getByLabel("Password", { exact: true }).fill(PASSWORD);
	await other.getByRole("button", { name: "Sign in", exact: true }).click();
	await other.waitForURL("**/container-terminal");
	await person.page.waitForFunction(() => !window.berth.activeText().includes("mine-42"));
	await person.untilPrompt();
	await person.page.getByRole("button", { name: /^Connected/ }).click();
	await person.page
		.locator("#details-user")
		.getByText(/^jean-/)
		.waitFor();
	await person.close();
});

test("somebody who is switched off is told so, and the page rests", async () => {
	const { user } = await addMember(operator, "dorothy");
	const person = await signIn(browser, gateway.base, "dorothy");
	await operator.ask("user.change", { user: user.userId, isDisabled: true });
	await person.page.getByText("Your access has been switched off.").waitFor();
	await person.page.goto(`${gateway.base}/sign-in`);
	await fillIn(person, "dorothy");
	await person.page.locator("#password-problem").getByText(/./).waitFor();
	forgive(person, 401);
	forgive(person, 403);
	await person.close();
});

test("the password is changed, which ends the other sign-ins, and one signs out", async () => {
	const { browser: elsewhere } = await addMember(operator, "radia");
	const person = await signIn(browser, gateway.base, "radia");
	await person.page.goto(`${gateway.base}/account`);
	await person.page.getByLabel("Current password", { exact: true }).fill("not the password");
	await person.page.getByLabel("New password", { exact: true }).fill("another horse battery");
	await person.page.getByRole("button", { name: "Change password" }).click();
	await person.page.locator("#password-problem").getByText("wrong").waitFor();
	assert.equal(await person.page.evaluate(() => document.activeElement?.id), "current");
	await person.page.getByLabel("Current password", { exact: true }).fill(PASSWORD);
	await person.page.getByRole("button", { name: "Change password" }).click();
	await person.page.getByText("Your password is another one now").waitFor();
	assert.equal((await elsewhere.ask("account.read", {})).user, null);
	await person.page.getByRole("button", { name: "Sign out" }).click();
	await person.page.getByText("You have signed out.").waitFor();
	await fillIn(person, "radia", "another horse battery");
	await person.untilPrompt();
	forgive(person, 401);
	await person.close();
});

test("a guest is told how to sign in, and takes the files along once signed in and asked", async () => {
	await addMember(operator, "frances");
	const person = await TerminalPage.open(browser, gateway.base);
	const { page } = person;
	await person.untilPrompt();
	assert.equal(await person.run("echo 'of the guest' > ~/note; cat ~/note"), "of the guest");
	await page.goto(`${gateway.base}/account`);
	await page.getByText("You are a guest: this browser is all that proves who you are.").waitFor();
	assert.equal(await page.getByRole("button", { name: "Sign out" }).isVisible(), false);
	await page.getByRole("link", { name: "Sign in" }).click();
	await fillIn(person, "frances");
	await person.untilPrompt();
	assert.equal(await person.run("ls ~"), "", "nothing happens by itself");
	await page.getByRole("link", { name: "See what to do with them" }).click();
	await page.getByRole("heading", { name: "Files from before you signed in" }).waitFor();
	await page.waitForFunction(() => document.activeElement?.id === "guest-files-title");
	const take = page.getByRole("button", { name: "Take the guest’s files" });
	await take.click();
	await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
	assert.equal(await page.locator("#guest-files").isVisible(), true);
	await take.click();
	await page.getByRole("dialog").getByRole("button", { name: "Take the files" }).click();
	const words = await page.getByText("The guest’s files are yours now.").innerText();
	const [, folder = ""] = /They are in (\S+)\.$/.exec(words) ?? [];
	await page.getByRole("link", { name: "Open the terminal" }).click();
	await person.untilPrompt();
	assert.equal(await person.run(`cat ${folder}/note`), "of the guest");
	assert.equal(await page.getByRole("link", { name: "See what to do with them" }).count(), 0);
	await person.close();
});

test("secrets are set, refused with the reason and removed, reach new shells, and are never shown again", async () => {
	await addMember(operator, "barbara");
	const person = await signIn(browser, gateway.base, "barbara");
	const { page } = person;
	await page.goto(`${gateway.base}/account`);
	const set = async (name: string, value: string): Promise<void> => {
		await page.locator("#secret-name").fill(name);
		await page.locator("#secret-value").fill(value);
		await page.getByRole("button", { name: "Set secret" }).click();
	};
	await set("LD_PRELOAD", "/tmp/evil.so");
	await page.locator("#secret-problem").getByText("name that shells or common programs go by").waitFor();
	assert.equal(await page.evaluate(() => document.activeElement?.id), "secret-name");
	await set("MY_KEY", "first line\nsecond line");
	await page.getByText("MY_KEY is set").waitFor();
	assert.equal(await page.locator("#secret-value").inputValue(), "");
	await page.reload();
	await page.getByRole("listitem").filter({ hasText: "MY_KEY" }).waitFor();
	assert.doesNotMatch(await page.content(), /second line/);
	await page.getByRole("link", { name: "Open the terminal" }).click();
	await person.untilPrompt();
	assert.equal(await person.run('echo "[$MY_KEY]"'), "[]", "the shell that ran before is without it");
	await page.getByRole("button", { name: "New session" }).click();
	await person.untilPrompt();
	assert.equal(await person.run('echo "[$MY_KEY]"'), "[first line\nsecond line]");
	await page.goto(`${gateway.base}/account`);
	await page.getByRole("button", { name: "Remove MY_KEY" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
	await page.getByText("MY_KEY is removed.").waitFor();
	assert.doesNotMatch(gateway.log, /second line/);
	forgive(person, 400);
	await person.close();
});

test("the whole way can be gone by keyboard", async () => {
	await addMember(operator, "evelyn");
	const person = await TerminalPage.open(browser, gateway.base);
	const { page } = person;
	await page.goto(`${gateway.base}/sign-in`);
	await page.waitForFunction(() => document.activeElement?.id === "name");
	await page.keyboard.type("evelyn");
	await page.keyboard.press("Tab");
	await page.keyboard.type(PASSWORD);
	await page.keyboard.press("Enter");
	await person.untilPrompt();
	await page.goto(`${gateway.base}/account`);
	await page.locator("#secrets").waitFor();
	const stops = await page.evaluate(() => document.querySelectorAll("a[href], button, input, textarea").length);
	const seen: string[] = [];
	for (let step = 0; step < stops + 2; step += 1) {
		await page.keyboard.press("Tab");
		const stop = await page.evaluate(() => {
			const { activeElement: at } = document;
			if (at === null || at === document.body) return null;
			const { outlineStyle, outlineWidth } = getComputedStyle(at);
			const isSeen = outlineStyle !== "none" && outlineWidth !== "0px";
			return { name: at.id || at.textContent?.trim() || at.tagName, isSeen };
		});
		if (stop === null) break;
		assert.ok(stop.isSeen, `the keyboard's place cannot be seen at ${stop.name}`);
		seen.push(stop.name);
	}
	for (const name of ["Open the terminal", "leave", "current", "new", "secret-name", "secret-value", "Set secret"]) {
		assert.ok(seen.includes(name), `${name} in ${seen.join(", ")}`);
	}
	// Theme: a radio group, which arrows choose in.
	await page.getByRole("radio", { name: "System" }).focus();
	await page.keyboard.press("ArrowRight");
	await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
	await person.close();
});
