/** What is printed can be seen, pixel by pixel, also where the terminal is drawn without WebGL. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";

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

/** The page after a line of `text`, with nothing else that differs. */
async function pictureOf(person: TerminalPage, text: string): Promise<Buffer> {
	await person.type(`clear; PS1=; stty -echo; printf '\\e[?25l\\n${text}\\n'\n`);
	await person.page.waitForFunction((line) => window.berth.activeText().trim() === line.trim(), text);
	const rows = person.page.locator(".xterm-rows").first();
	// The frame after the one in which it was parsed.
	await person.page.evaluate(
		() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
	);
	return await rows.screenshot();
}

for (const fontSize of [12, 13, 14, 15, 16, 18]) {
	test(`an underscore can be seen at ${fontSize} pixels`, async () => {
		const person = await TerminalPage.open(browser, gateway.base, { deviceScaleFactor: 1 });
		await person.context.addInitScript((size) => {
			localStorage.setItem("berth.settings", JSON.stringify({ fontSize: size }));
		}, fontSize);
		await person.page.reload();
		await person.untilPrompt();
		const blank = await pictureOf(person, "a   b");
		const underscores = await pictureOf(person, "a___b");
		assert.notDeepEqual(underscores, blank);
		await person.close();
	});
}
