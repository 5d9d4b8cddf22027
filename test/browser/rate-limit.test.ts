/** What a person sees of the gateway's limits: nothing, unless it lasts. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type {} from "../../web/container-terminal/debug-handle.ts";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";

let browser: Browser;

before(async () => {
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
});

test("a page that asked for too much waits and asks again by itself", async () => {
	// One page that opens one session comes up to it.
	await using gateway = await GatewayProcess.start({ REQUESTS_PER_USER: "1" });
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	const refusals = (): number => gateway.log.match(/"code":"RATE_LIMITED"/g)?.length ?? 0;
	await person.page.click('[data-testid="new-tab"]');
	await person.page.waitForFunction(() => window.berth.sessions().length === 2);
	await person.page.waitForFunction(() => window.berth.sessions().every(({ state }) => state === "live"));
	assert.equal(await person.run("echo works"), "works");
	assert.ok(refusals() > 0, "it was refused at first");
	assert.doesNotMatch(await person.text(), /too much|try again/);
	assert.equal(await person.page.locator('[data-testid="notice"] .toast').count(), 0);
	await person.close();
});

test("one page too many says so, and goes on by itself when another one is closed", async () => {
	await using gateway = await GatewayProcess.start({ CONNECTIONS_PER_USER: "1" });
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	const second = await person.context.newPage();
	await second.goto(`${gateway.base}/container-terminal`);
	await second.waitForSelector('[data-testid="connection"][data-code="TOO_MANY_PAGES"]');
	await second.waitForFunction(() => document.body.innerText.includes("as many pages open as are allowed"));
	await person.page.close();
	await second.getByRole("button", { name: "Reconnect now" }).click();
	await second.waitForSelector('[data-testid="connection"][data-state="connected"]');
	await person.context.close();
});

test("a page whose network has too many connections is told why, although a WebSocket cannot say it", async () => {
	await using gateway = await GatewayProcess.start({ CONNECTIONS_PER_ADDRESS: "1" });
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	// In the same profile, so that it is loaded by connections that are there: one page may open few more.
	const neighbour = await person.context.newPage();
	await neighbour.goto(`${gateway.base}/container-terminal`);
	await neighbour.waitForSelector('[data-testid="connection"][data-code="TOO_MANY_CONNECTIONS"]');
	await person.close();
});
