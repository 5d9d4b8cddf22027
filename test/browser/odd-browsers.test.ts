/** Browsers and networks that are not as one would like them: the page works in them all the same. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser, CDPSession } from "playwright-core";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { TestPool } from "../support/test-pool.ts";
import { PickyProxy } from "./picky-proxy.ts";
import { assertSameAfterReload } from "./reloaded-page.ts";

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
/** As `Input.dispatchKeyEvent` counts them. */
const ALT_AND_CONTROL = 3;

let pool: TestPool;
let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1", CONTAINER_CPUS: "2" });
	gateway = await GatewayProcess.start(pool.environment);
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

/** `prepare` changes the browser before the page is loaded into it. */
async function arrive(prepare?: () => void, options = {}, base = gateway.base): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, base, options);
	if (prepare !== undefined) {
		await person.context.addInitScript(prepare);
		await person.page.reload();
	}
	await person.untilPrompt();
	return person;
}

async function devtools({ context, page }: TerminalPage): Promise<CDPSession> {
	return await context.newCDPSession(page);
}

test("where no WebSocket comes through, everything works by polling", async () => {
	// So that the first output comes in one breath with the answer that opens the session.
	await using proxy = await PickyProxy.before(gateway.base, { pollsHeldMs: 300 });
	const person = await arrive(undefined, {}, proxy.base);
	assert.ok(proxy.refused > 0, "a WebSocket was tried");
	await person.type("seq -f 'line %.0f' 1 4000\n");
	await person.untilText(/line 3999\nline 4000\n/);
	assert.equal(await person.run("echo typed"), "typed");
	await assertSameAfterReload(person);
	assert.equal(await person.run("echo again"), "again");
	assert.deepEqual(
		person.complaints.splice(0).filter((complaint) => !complaint.includes("WebSocket")),
		[],
	);
	await person.close();
});

/** Moves a finger straight down by so many pixels, or up. */
async function swipe(person: TerminalPage, down: number): Promise<void> {
	const tools = await devtools(person);
	const steps = 10;
	const from = down > 0 ? 200 : 500;
	const touch = (y: number) => [{ x: 180, y }];
	await tools.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: touch(from) });
	for (let step = 1; step <= steps; step += 1) {
		const y = from + (down * step) / steps;
		await tools.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: touch(y) });
	}
	await tools.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
}

/** Waits until the rows that can be seen match. */
async function untilSeen({ page }: TerminalPage, pattern: RegExp): Promise<void> {
	await page.waitForFunction((source) => {
		const rows = document.querySelectorAll('[data-testid="terminal"] .xterm-rows > div');
		return new RegExp(source).test([...rows].map(({ textContent }) => textContent.trimEnd()).join("\n"));
	}, pattern.source);
}

test("a finger scrolls what has scrolled away, and brings it back", async () => {
	const person = await arrive(undefined, PHONE);
	await person.type("seq 1 300\n");
	await untilSeen(person, /\n299\n300\n/);
	await swipe(person, 300);
	await untilSeen(person, /^2[2-6]\d\n(?![\s\S]*\n300\n)/);
	await swipe(person, -300);
	await untilSeen(person, /\n299\n300\n/);
	await person.type("echo still-here\n");
	await untilSeen(person, /\nstill-here\n/);
	await person.close();
});

test("a finger scrolls in programs that fill the screen, and turns the wheel of those that take the mouse", async () => {
	const person = await arrive(undefined, PHONE);
	await person.type("LESS= less -N /usr/lib/python3.11/ast.py\n");
	await untilSeen(person, /^ +1 """/);
	await swipe(person, -300);
	await untilSeen(person, /^ +[5-9] |^ +1\d /);
	await person.type("q");
	await person.untilPrompt();
	await person.type("printf '\\e[?1000;1006h'; cat -v\n");
	await person.page.waitForFunction(() => window.berth.screen()?.modes.mouseTrackingMode === "vt200");
	await swipe(person, 100);
	await person.untilText(/\^\[\[<64;\d+;\d+M/);
	await person.close();
});

/** A program that takes a line. What is typed before it asks is the shell's. */
async function askForLine(person: TerminalPage): Promise<void> {
	await person.type(`read -rp 'line: ' typed; echo "got <$typed>"\n`);
	await person.untilText(/\nline: *$/);
}

test("a character by AltGr on Windows comes once, and not as a control character", async () => {
	const person = await arrive(() => {
		Object.defineProperty(navigator, "platform", { get: () => "Win32" });
	});
	const tools = await devtools(person);
	await askForLine(person);
	const keys = [
		["@", "KeyQ", 81],
		["{", "Digit7", 55],
		["€", "KeyE", 69],
	] as const;
	for (const [key, code, windowsVirtualKeyCode] of keys) {
		const event = { key, code, windowsVirtualKeyCode, modifiers: ALT_AND_CONTROL };
		await tools.send("Input.dispatchKeyEvent", { ...event, type: "keyDown", text: key });
		await tools.send("Input.dispatchKeyEvent", { ...event, type: "keyUp" });
	}
	await person.page.keyboard.press("Enter");
	await person.untilText(/got <@\{€>\n/);
	await person.close();
});

test("what is composed comes once it is composed, and once only", async () => {
	const person = await arrive();
	const tools = await devtools(person);
	await askForLine(person);
	for (const text of ["n", "ni", "ni h", "ni hao", "你好"]) {
		await tools.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
	}
	await tools.send("Input.insertText", { text: "你好" });
	await person.type("!");
	// As pickers of emoji and dictation do it: without composing.
	await person.page.keyboard.insertText("🚢 ok");
	await person.page.keyboard.press("Enter");
	await person.untilText(/got <你好!🚢 ok>\n/);
	await person.close();
});

function forbidStorage(): void {
	for (const name of ["localStorage", "sessionStorage"]) {
		Object.defineProperty(window, name, {
			get: () => {
				throw new DOMException("Access is denied for this document.", "SecurityError");
			},
		});
	}
}

test("where the browser keeps nothing, the page works and remembers for as long as it is open", async () => {
	const person = await arrive(forbidStorage);
	assert.equal(await person.run("echo works"), "works");
	const columns = Number((await person.run("stty size")).split(" ")[1]);
	await person.page.keyboard.press("Control+=");
	await person.page.keyboard.press("Control+=");
	await person.page.waitForTimeout(300);
	assert.ok(Number((await person.run("stty size")).split(" ")[1]) < columns, "larger text, fewer columns");
	await person.page.reload();
	await person.untilText(/works/);
	await person.close();
});

test("where no cookie is kept either, the page says so instead of loading itself again and again", async () => {
	await using proxy = await PickyProxy.before(gateway.base, { isDroppingCookies: true });
	const person = await TerminalPage.open(browser, proxy.base);
	await person.context.addInitScript(forbidStorage);
	const loaded = proxy.pages;
	await person.page.reload();
	await person.untilState("offline");
	assert.match((await person.page.textContent('[data-testid="cover"]')) ?? "", /cookies are allowed/);
	await person.page.waitForTimeout(1_000);
	assert.ok(proxy.pages - loaded <= 2, `the page was loaded ${proxy.pages - loaded} times`);
	await person.context.close();
});

test("where there is no clipboard, as with plain HTTP, the page says so", async () => {
	const person = await arrive(() => {
		Object.defineProperty(navigator, "clipboard", { get: () => undefined });
	});
	await person.page.keyboard.press("Control+Shift+V");
	await person.page.getByText("does not allow reading the clipboard").waitFor();
	assert.equal(await person.run("echo works"), "works");
	await person.close();
});

test("a page that is loaded anew again and again, amid its attaching, comes to show the session as it is", async () => {
	const person = await arrive();
	await person.type("seq -f 'line %.0f' 1 5000\n");
	await person.untilText(/line 5000\n.*\$ *$/);
	const before = await person.page.evaluate(() => window.berth.screen());
	for (const delay of [0, 30, 60, 120, 240]) {
		await person.page.reload({ waitUntil: "domcontentloaded" });
		await person.page.waitForTimeout(delay);
	}
	await person.untilPrompt();
	await person.untilText(/line 5000\n.*\$ *$/);
	const now = await person.page.evaluate(() => window.berth.screen());
	assert.deepEqual(now?.normal.rows.slice(-1_000), before?.normal.rows.slice(-1_000));
	assert.equal(await person.run("echo typed-once"), "typed-once");
	assert.equal(await person.page.locator('[data-testid="tab"]').count(), 1);
	await person.close();
});

test("a page that was put aside shows all that was printed meanwhile", async () => {
	const person = await arrive();
	await person.type("for i in $(seq 1 30); do echo line-$i; sleep 0.1; done\n");
	await person.untilText(/line-3\n/);
	const tools = await devtools(person);
	await tools.send("Page.setWebLifecycleState", { state: "frozen" });
	await new Promise((resolve) => setTimeout(resolve, 2_000));
	await tools.send("Page.setWebLifecycleState", { state: "active" });
	const text = await person.untilText(/line-30\n/);
	const seen = [...text.matchAll(/^line-(\d+)$/gm)].map(([, number]) => Number(number));
	assert.deepEqual(
		seen,
		Array.from({ length: 30 }, (_, index) => index + 1),
	);
	assert.equal(await person.run("echo back"), "back");
	await person.close();
});
