/** One session on several screens: whose size it has, what the others see, and what becomes of it when nobody works. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type {} from "../../web/container-terminal/debug-handle.ts";
import { launchBrowser, type ProfileOptions, TerminalPage } from "../support/browser.ts";
import { CuttableProxy } from "../support/cuttable-proxy.ts";
import { GatewayProcess } from "../support/gateway-process.ts";

const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** Long enough to type a line, short enough to wait for. */
const IDLE = "10s";
/** Port at which nothing listens. */
const NOBODY = 1;

let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	gateway = await GatewayProcess.start({ USE_CONTAINERS: "false", REPLAY_BUFFER: "256k" });
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
});

async function arrive(options: ProfileOptions = DESK, base = gateway.base): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, base, options);
	await person.untilPrompt();
	return person;
}

/** The same person on another device. */
async function comeAgain(person: TerminalPage, options: ProfileOptions, base = gateway.base): Promise<TerminalPage> {
	return await arrive({ ...options, storageState: await person.context.storageState() }, base);
}

/** Columns and rows. */
type Grid = readonly [number, number];

async function gridOf({ page }: TerminalPage): Promise<Grid> {
	const dump = await page.evaluate(() => window.berth.screen());
	assert.ok(dump);
	return dump.size;
}

async function untilGrid({ page }: TerminalPage, grid: Grid): Promise<void> {
	await page.waitForFunction((grid) => window.berth.screen()?.size.join() === grid, grid.join());
}

/** Whether the page shows the size of another one. */
async function isFollowing({ page }: TerminalPage): Promise<boolean> {
	return (await page.locator(".terminal-panel.is-visible.is-following").count()) === 1;
}

async function untilFollowing(person: TerminalPage): Promise<void> {
	await person.page.waitForSelector(".terminal-panel.is-visible.is-following");
}

/** All of them show the same, to the last attribute. */
async function assertSameScreens(people: TerminalPage[]): Promise<void> {
	const dumps = async () =>
		await Promise.all(people.map(async ({ page }) => JSON.stringify(await page.evaluate(() => window.berth.screen()))));
	const deadline = performance.now() + 5_000;
	let seen = await dumps();
	while (new Set(seen).size > 1 && performance.now() < deadline) {
		await new Promise((resolve) => setTimeout(resolve, 100));
		seen = await dumps();
	}
	const [first = "", ...others] = seen;
	for (const other of others) assert.deepEqual(JSON.parse(other), JSON.parse(first));
}

test("whoever typed last decides the size, the other screen shows all of it, and every screen the same", async () => {
	const desk = await arrive();
	const deskGrid = await gridOf(desk);
	await desk.run("ls -la / | head -20");
	const phone = await comeAgain(desk, PHONE);
	await untilFollowing(desk);
	const phoneGrid = await gridOf(desk);
	assert.ok(phoneGrid[0] < deskGrid[0]);
	await untilGrid(phone, phoneGrid);
	assert.equal(await isFollowing(phone), false);

	assert.equal(await desk.run("stty size"), `${deskGrid[1]} ${deskGrid[0]}`, "the first key has changed the size");
	await untilFollowing(phone);
	assert.equal(await isFollowing(desk), false);
	await desk.run("seq -s ' ' 200");
	await phone.run("seq -s ' ' 200");
	await desk.type("seq -s ' ' 300\n");
	await untilGrid(phone, deskGrid);
	const tablet = await comeAgain(desk, { viewport: { width: 800, height: 600 } });
	await assertSameScreens([desk, phone, tablet]);
	for (const person of [desk, phone, tablet]) await person.close();
});

test("an editor that draws for one screen is whole on the other, and after a reload", async () => {
	const desk = await arrive();
	const phone = await comeAgain(desk, PHONE);
	await desk.type("vim -c 'set number' /etc/profile\n");
	await desk.untilText(/1 # \/etc\/profile/);
	await untilGrid(phone, await gridOf(desk));
	await assertSameScreens([desk, phone]);
	await phone.type("G");
	await untilFollowing(desk);
	await phone.page.waitForTimeout(300);
	const tablet = await comeAgainBlind(desk);
	await assertSameScreens([desk, phone, tablet]);
	await phone.type(":q!\n");
	for (const person of [desk, phone, tablet]) await person.close();
});

/** On a device of the phone's size, so that nothing is drawn anew; there is no prompt to wait for. */
async function comeAgainBlind(person: TerminalPage): Promise<TerminalPage> {
	const storageState = await person.context.storageState();
	const again = await TerminalPage.open(browser, gateway.base, { ...PHONE, storageState });
	await again.untilText(/\S/);
	return again;
}

test("the whole grid is to be seen on the smaller screen, and stays a sheet on the larger one", async () => {
	const desk = await arrive();
	const tablet = await comeAgain(desk, { viewport: { width: 800, height: 560 } });
	await untilFollowing(desk);
	const sheet = await desk.page.locator(".terminal-panel.is-visible .terminal-frame").boundingBox();
	assert.ok(sheet && sheet.width < 820 && sheet.x > 100, "in the middle of the larger screen");
	await desk.run("true");
	await untilFollowing(tablet);
	const { width = 0, height = 0 } = (await tablet.page.locator(".is-visible .xterm-screen").boundingBox()) ?? {};
	assert.ok(width > 600 && width <= 800 && height <= 560, `${width} × ${height} pixels`);
	for (const person of [desk, tablet]) await person.close();
});

test("what a program asks its terminal is answered once, by the screen that is typed on", async () => {
	const desk = await arrive();
	const phone = await comeAgain(desk, PHONE);
	await desk.run("true");
	await untilFollowing(phone);
	const answers = await desk.run(
		String.raw`stty raw -echo; printf '\e[6n'; n=$(timeout --foreground 1 cat | tr -cd R | wc -c); stty sane; echo $n`,
	);
	assert.equal(answers, "1");
	assert.ok(await isFollowing(phone), "an answer is no reason to change the size");
	for (const person of [desk, phone]) await person.close();
});

test("a screen that was away while more was printed than is kept says so, and shows what the other one does", async () => {
	let isAway = false;
	const { port: gatewayPort } = new URL(gateway.base);
	await using proxy = new CuttableProxy(() => ({ host: "127.0.0.1", port: isAway ? NOBODY : Number(gatewayPort) }));
	const port = await proxy.listenOnPort();
	const desk = await arrive();
	const laptop = await comeAgain(desk, DESK, `http://localhost:${port}`);
	await desk.run("echo both are here");
	await laptop.untilText(/both are here/);
	isAway = true;
	proxy.cut({ kind: "reset" });
	await laptop.untilState("reconnecting");
	await desk.type("seq 200000; echo all printed\n");
	await desk.untilText(/\nall printed/);
	isAway = false;
	await laptop.untilText(/\nall printed/);
	await laptop.page.waitForSelector('.toast:has-text("was skipped")');
	assert.equal(await desk.page.locator(".toast").count(), 0, "whoever was there has missed nothing");
	assert.equal(await laptop.run("echo goes on"), "goes on");
	laptop.complaints.length = 0;
	for (const person of [desk, laptop]) await person.close();
});

test("a session that nothing happens in says when it ends, is kept by typing, and stays to be read", async () => {
	await using strict = await GatewayProcess.start({ USE_CONTAINERS: "false", SESSION_IDLE_TIMEOUT: IDLE });
	const desk = await arrive(DESK, strict.base);
	await desk.run("echo still here");
	const notice = desk.page.locator(".toast.is-lasting");
	await notice.waitFor();
	assert.match((await notice.textContent()) ?? "", /“shell 1” ends in \d s: .*Type anything to keep it/);
	await desk.type("echo kept\n");
	await notice.waitFor({ state: "detached" });
	const text = await desk.untilText(/ended: idle for too long/);
	assert.match(text, /still here[\s\S]*kept/);
	assert.equal(await notice.count(), 0);
	await desk.close();
});
