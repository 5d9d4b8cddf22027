/** What a program prints against the page that shows it, in real Chromium. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type {} from "../../web/container-terminal/debug-handle.ts";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";

const QUESTION = '[data-testid="clipboard-question"]';
const WEB = join(import.meta.dirname, "../../web");

let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	gateway = await GatewayProcess.start({});
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
});

async function victim(): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	return person;
}

async function clipboardOf({ page }: TerminalPage): Promise<string> {
	return await page.evaluate(() => navigator.clipboard.readText());
}

/** The shell's command that asks for this text on the clipboard. */
function askFor(text: string): string {
	return `printf '\\033]52;c;${Buffer.from(text).toString("base64")}\\a'`;
}

/** Moves the mouse to the first character of the row that begins with `text`, and clicks. */
async function clickOn({ page }: TerminalPage, text: string): Promise<void> {
	const place = await page.evaluate((wanted) => {
		const screen = window.berth.screen();
		const row = screen?.normal.rows.findIndex(({ text }) => text.startsWith(wanted)) ?? -1;
		return { row: row - (screen?.normal.scrollback ?? 0), rows: screen?.size[1] ?? 1, cols: screen?.size[0] ?? 1 };
	}, text);
	assert.ok(place.row >= 0, `${text} is not on the screen`);
	const box = await page.locator(".terminal-panel.is-visible .xterm-screen").boundingBox();
	assert.ok(box);
	const [x, y] = [box.x + box.width / place.cols / 2, box.y + (box.height / place.rows) * (place.row + 0.5)];
	await page.mouse.move(x + 3, y);
	await page.mouse.move(x, y);
	await page.mouse.click(x, y);
}

test("no program learns what is on the clipboard, nor puts words into the terminal's mouth", async () => {
	const person = await victim();
	await person.page.evaluate(() => navigator.clipboard.writeText("a password"));
	// The clipboard, the title, the icon's title: each could be answered as if somebody had typed it.
	for (const question of ["]52;c;?\\a", "]52;;?\\033\\\\", "[21t", "[20t"]) {
		const heard = await person.run(
			`printf '\\033]0;rm -rf home\\a\\033${question}'; IFS= read -rsn1 -t0.5 heard; echo "[$heard]"`,
		);
		assert.equal(heard, "[]", question);
	}
	assert.equal(await person.page.locator(QUESTION).count(), 0);
	assert.equal(await clipboardOf(person), "a password");
	await person.close();
});

test("text comes to the clipboard only where the person says so, and is the text that was shown", async () => {
	const person = await victim();
	const { page } = person;
	await page.evaluate(() => navigator.clipboard.writeText("before"));
	await person.type(`${askFor("shown <b>text</b>")}; ${askFor("another")}\n`);
	const question = page.locator(QUESTION);
	await question.waitFor();
	assert.match((await question.textContent()) ?? "", /“shell 1” wants to copy.*shown <b>text<\/b>/);
	// It does not take the keyboard: Enter and Space go to the shell, and more requests change nothing.
	assert.equal(await person.run(`${askFor("a third")}; echo typed`), "typed");
	assert.equal(await clipboardOf(person), "before");
	assert.equal(await question.count(), 1);
	await question.getByRole("button", { name: "Copy" }).click();
	await question.waitFor({ state: "detached" });
	assert.equal(await clipboardOf(person), "shown <b>text</b>");

	await person.type(`${askFor("unwanted")}\n`);
	await question.getByRole("button", { name: "Ignore" }).click();
	assert.equal(await person.run(`${askFor("again")}; echo quiet`), "quiet");
	assert.equal(await question.count(), 0, "who was refused does not ask again at once");
	assert.equal(await clipboardOf(person), "shown <b>text</b>");

	await page.reload();
	await person.untilText(/quiet/);
	assert.equal(await person.run("echo reloaded"), "reloaded");
	assert.equal(await question.count(), 0, "what was asked before the reload is not asked again");
	await person.close();
});

test("a link opens only by http or https, after its address was shown as the browser reads it", async () => {
	const person = await victim();
	const { context, page } = person;
	const dialog = page.locator("dialog[open]");
	const link = (address: string, text: string): string => `printf '\\033]8;;${address}\\a${text}\\033]8;;\\a\\n'`;
	const hostile = ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x", "//no.scheme"];
	await person.run(`${hostile.map((address, index) => link(address, `bad-${index}`)).join("; ")}`);
	for (const index of hostile.keys()) await clickOn(person, `bad-${index}`);
	assert.equal(await dialog.count(), 0);

	await person.run(`${link("https://bank.example@evil.example/a?b=<i>", "good")}; echo http://plain.example/x`);
	await clickOn(person, "good");
	await dialog.waitFor();
	assert.match(
		(await dialog.textContent()) ?? "",
		/Open this link to evil\.example\?.*bank\.example@evil\.example\/a\?b=%3Ci%3E/,
	);
	await page.keyboard.press("Escape");
	await dialog.waitFor({ state: "detached" });
	await clickOn(person, "http://plain");
	await dialog.waitFor();
	assert.match((await dialog.textContent()) ?? "", /http:\/\/plain\.example\/x/);
	assert.equal(context.pages().length, 1, "nothing was opened so far");
	const [opened] = await Promise.all([
		context.waitForEvent("page"),
		page.getByRole("button", { name: "new tab" }).click(),
	]);
	assert.equal(await opened.evaluate(() => window.opener), null);
	await opened.close();
	await person.close();
});

test("what programs print, call themselves and are called is text, wherever the page shows it", async () => {
	const person = await victim();
	const { page } = person;
	const markup = "<img src=x onerror=document.body.dataset.owned=1>";
	await person.type(`printf '\\033]0;${markup}\\a%s\\n' '${markup}'\n`);
	await page.waitForFunction((text) => document.title === `${text} – Berth`, markup);
	await page.locator('[data-testid="tab"]').dblclick();
	await page.keyboard.insertText(markup);
	await page.keyboard.press("Enter");
	await page.waitForFunction((text) => document.querySelector(".tab-name")?.textContent === text, markup);
	// Screen readers get the output as elements of the page.
	await page.evaluate(() => localStorage.setItem("berth.settings", JSON.stringify({ isScreenReader: true })));
	await page.reload();
	await person.untilText(/onerror/);
	await person.run("echo done");
	assert.equal(await page.locator("img, iframe, object, embed").count(), 0);
	assert.equal(await page.evaluate(() => document.body.dataset.owned), undefined);
	await person.close();
});

test("nothing in the page's sources makes markup of text", () => {
	const files = globSync("**/*.ts", { cwd: WEB, exclude: ["dist/**"] });
	assert.ok(files.length > 30);
	for (const file of files) {
		const source = readFileSync(join(WEB, file), "utf8");
		assert.doesNotMatch(
			source,
			/innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|setHTML|srcdoc|\beval\(/,
			file,
		);
	}
});
