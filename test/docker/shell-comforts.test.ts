/** What a new account's shell does for people, although it reads next to nothing when it starts. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

let pool: TestPool;
let gateway: GatewayProcess;
let page: PageClient;
let screen: Screen;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1" });
	gateway = await GatewayProcess.start(pool.environment);
	page = await PageClient.connect(gateway.base);
	await page.untilReady();
	screen = await page.open();
});
after(async () => {
	page?.[Symbol.dispose]();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

test("Tab completes what belongs to a program, from the first time on", async () => {
	assert.equal(await page.run(screen, 'echo "[$BASH_COMPLETION_VERSINFO]"'), "[]", "nothing was read yet");
	const start = screen.text.length;
	page.type(screen, "git checkou\t");
	await page.until(() => screen.text.slice(start).includes("checkout "), "the completed word");
	page.type(screen, "\x15");
	assert.notEqual(await page.run(screen, 'echo "[$BASH_COMPLETION_VERSINFO]"'), "[]");
});

test("the prompt shows where one is, and the status of what failed", async () => {
	const start = screen.text.length;
	page.type(screen, "(exit 7)\r");
	await page.until(() => /7 .*:.*~.*\$ $/.test(screen.text.slice(start)), "the status in the prompt");
	page.type(screen, "echo $?\r");
	await page.until(() => /\r7\r\n/.test(screen.text.slice(start)), "the status for the next command");
});

test("colours, history and limits are as they should be", async () => {
	assert.match(await page.run(screen, "echo $LS_COLORS"), /di=01;34/);
	assert.equal(await page.run(screen, "type -t ll"), "alias");
	assert.match(await page.run(screen, "tail -n 1 ~/.bash_history"), /type -t ll/);
	assert.equal(await page.run(screen, "ulimit -c"), "0");
	assert.equal(await page.run(screen, "ulimit -u"), "128");
	assert.equal(await page.run(screen, "ulimit -Hu"), "128");
	assert.equal(await page.run(screen, "cat /proc/self/oom_score_adj"), "500");
	assert.equal(await page.run(screen, "echo $PATH | tr : '\\n' | head -n 2 | tail -n 1"), "/usr/local/bin");
});
