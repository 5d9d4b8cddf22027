/** The page in real Chromium, on real containers: what a newcomer does, and that a stranger cannot get at it. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import type {} from "../../web/container-terminal/debug-handle.ts";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { TestPool } from "../support/test-pool.ts";

let pool: TestPool;
let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "2" });
	gateway = await GatewayProcess.start(pool.environment);
	while ((await gateway.readiness()).containers.ready < 2) await new Promise((resolve) => setTimeout(resolve, 100));
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

async function newcomer(): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	return person;
}

test("a newcomer works in the shell, reloads, and finds the session as it was", async () => {
	const person = await newcomer();
	const name = await person.run("whoami");
	assert.match(name, /^guest-[a-z2-7]{10}$/);
	assert.match(await person.run("container-info"), new RegExp(`User +${name}`));
	assert.match(await person.run("ls -la"), /\.bashrc/);
	await person.type("mkdir test && cd test\n");
	assert.equal(await person.run('echo "Hello" > file.txt && cat file.txt'), "Hello");

	await person.page.reload();
	await person.untilText(/Hello/);
	assert.equal(await person.run("pwd"), `/workspace/${name}/test`);
	assert.equal(await person.page.locator('[data-testid="tab"]').count(), 1);
	await person.close();
});

test("container-info tells people and machines the same, in less than 50 ms", async () => {
	const person = await newcomer();
	const output = await person.run(
		"container-info --json | jq -r '.user.name, .user.uid, .container, .sessions.running'",
	);
	const [user, uid, container, running] = output.split("\n");
	assert.equal(user, await person.run("whoami"));
	assert.equal(uid, await person.run("id -u"));
	assert.ok(container?.startsWith(`berth-${pool.name}-`));
	assert.equal(running, "1");
	await person.close();
});

test("a second profile is another user: no look into the first's home or processes, from either container", async () => {
	const ada = await newcomer();
	const home = (await ada.run("echo secret > diary; pwd")).trim();
	await ada.type("exec -a ada-works sleep 600\n");
	const strangers = [await newcomer(), await newcomer()];
	const containers = new Set<string>();
	for (const stranger of strangers) {
		containers.add(await stranger.run("hostname"));
		assert.match(await stranger.run(`cat ${home}/diary`), /Permission denied/);
		assert.match(await stranger.run(`ls ${home}`), /Permission denied/);
		assert.doesNotMatch(await stranger.run("ps -ef"), /ada-works/);
	}
	assert.equal(containers.size, 2, "one stranger shares Ada's container, the other does not");
	for (const person of [ada, ...strangers]) await person.close();
});

test("tabs hold a session each, can be named, and return after a reload", async () => {
	const person = await newcomer();
	const tabs = person.page.locator('[data-testid="tab"]');
	await person.type("echo in-the-first\n");
	await person.page.click('[data-testid="new-tab"]');
	await person.untilPrompt();
	await person.run("echo in-the-second");
	await tabs.nth(1).dblclick();
	await person.page.keyboard.type("build");
	await person.page.keyboard.press("Enter");
	await person.page.waitForFunction(() => window.berth.sessions().some(({ name }) => name === "build"));

	await person.page.reload();
	await person.untilText(/in-the-second/);
	assert.deepEqual(await tabs.locator(".tab-name").allTextContents(), ["shell 1", "build"]);
	await tabs.nth(0).click();
	await person.untilText(/in-the-first/);
	await person.close();
});

test("an ended session says how it ended, stays readable, and Enter opens a fresh shell in its place", async () => {
	const person = await newcomer();
	await person.run("echo still-readable");
	await person.type("exit 3\n");
	const text = await person.untilText(/ended with exit code 3/);
	assert.match(text, /still-readable/);
	await person.page.keyboard.press("Enter");
	await person.untilText(/^(?![\s\S]*exit code 3)[\s\S]*\$ *$/);
	assert.match(await person.run("echo fresh"), /fresh/);
	await person.close();
});

test("several sessions end when their tab is closed, and a last one is replaced", async () => {
	const person = await newcomer();
	const closed = await person.page.getAttribute('[data-testid="tab"]', "data-session-id");
	await person.page.click(".tab-close");
	await person.page.click("dialog .button-danger");
	// Its prompt stays to be seen until the dialog has closed.
	await person.page.waitForSelector(`[data-session-id="${closed}"]`, { state: "detached" });
	await person.untilPrompt();
	assert.equal((await person.run("ps -eo pid,tty= | grep -c pts")) !== "0", true);
	assert.equal(await person.page.locator('[data-testid="tab"]').count(), 1);
	await person.close();
});

test("full-screen programs, colours and Unicode look right after a resize", async () => {
	const person = await newcomer();
	await person.type("vim -c 'set number' /etc/profile\n");
	await person.untilText(/1 # Read by login shells/);
	await person.page.setViewportSize({ width: 700, height: 500 });
	await person.untilText(/1 # Read by login shells/);
	await person.type(":q\n");
	// An editor that is leaving still reads what is typed.
	await person.untilPrompt();
	assert.match(await person.run("stty size"), /^\d+ \d+$/);
	const [rows = 0, cols = 0] = (await person.run("stty size")).split(" ").map(Number);
	assert.ok(cols < 90 && rows < 30, `the program sees the small window: ${rows} × ${cols}`);
	assert.match(await person.run("echo 'żółć 你好 🚢 é'"), /żółć 你好 🚢 é/);
	await person.close();
});

test("a page that lost its connection comes back by itself and missed nothing", async () => {
	const person = await newcomer();
	await person.type("for i in $(seq 1 40); do echo line-$i; sleep 0.1; done\n");
	await person.untilText(/line-3\n/);
	await gateway.stop("SIGKILL");
	await person.untilState("reconnecting");
	await gateway.start();
	const text = await person.untilText(/line-40\n/);
	const seen = [...text.matchAll(/^line-(\d+)$/gm)].map(([, number]) => Number(number));
	assert.deepEqual(
		seen,
		Array.from({ length: 40 }, (_, index) => index + 1),
	);
	person.complaints.length = 0;
	await person.close();
});

test("on a phone there is a row of keys, and everything fits", async () => {
	const person = await TerminalPage.open(browser, gateway.base, {
		viewport: { width: 390, height: 844 },
		hasTouch: true,
		isMobile: true,
	});
	await person.untilPrompt();
	await person.type("sleep 1000\n");
	await person.page.getByRole("button", { name: "Ctrl" }).tap();
	await person.type("c");
	await person.untilText(/\^C/);
	await person.type("echo one");
	await person.page.getByRole("button", { name: "Pipe" }).tap();
	await person.type("cat\n");
	await person.untilText(/\none\n/);
	const isWider = await person.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
	assert.equal(isWider, false, "the page does not scroll sideways");
	await person.close();
});

test("copy, paste, search and text size work from the keyboard", async () => {
	const person = await newcomer();
	await person.page.evaluate(() => navigator.clipboard.writeText("echo pasted-$((1+1))"));
	await person.page.keyboard.press("Control+Shift+V");
	await person.untilText(/echo pasted-\$/);
	await person.page.keyboard.press("Enter");
	await person.untilText(/\npasted-2/);
	await person.page.keyboard.press("Control+Shift+F");
	await person.page.keyboard.type("pasted-2");
	await person.page.waitForFunction(() => /1/.test(document.getElementById("search-count")?.textContent ?? ""));
	await person.page.keyboard.press("Escape");
	const before = Number((await person.run("stty size")).split(" ")[1]);
	await person.page.keyboard.press("Control+=");
	await person.page.keyboard.press("Control+=");
	await person.page.waitForTimeout(300);
	assert.ok(Number((await person.run("stty size")).split(" ")[1]) < before, "larger text, fewer columns");
	await person.close();
});
