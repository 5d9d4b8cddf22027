/** What a person sees when a container is killed and when the engine itself is stopped: the page recovers by itself. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PrivateEngine } from "../support/private-engine.ts";
import { TestPool } from "../support/test-pool.ts";

let engine: PrivateEngine;
let pool: TestPool;
let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	engine = await PrivateEngine.startWith(POOL_IMAGE);
	// The private engine has no network of its own to give.
	pool = new TestPool({ MAX_CONTAINERS: "1", CONTAINER_NETWORK: "none" }, engine.socketPath);
	gateway = await GatewayProcess.start(pool.environment);
	browser = await launchBrowser();
});
after(async () => {
	// The pool goes with its engine.
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
	await engine?.[Symbol.asyncDispose]();
});

async function arrive(): Promise<{ person: TerminalPage; name: string }> {
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	const name = await person.run("whoami");
	await person.run("echo kept > ~/file");
	return { person, name };
}

/** The page has opened a new shell by itself, as the same account with the same files. */
async function untilRecovered(person: TerminalPage, name: string): Promise<void> {
	await person.untilText(/container was restarted[\s\S]*\$ *$/);
	await person.untilState("connected");
	assert.equal(await person.run('echo "$(whoami) $(cat ~/file)"'), `${name} kept`);
}

test("a container is killed under use: the page says so and opens a new shell by itself", async () => {
	const { person, name } = await arrive();
	await person.type("while true; do date; sleep 0.1; done\n");
	await pool.container(1).kill();
	await untilRecovered(person, name);
	await person.close();
});

test("the engine is stopped and started: the page says what it waits for, and recovers by itself", async () => {
	const { person, name } = await arrive();
	await engine.stop();
	await person.untilState("waiting", "ENGINE_UNREACHABLE");
	assert.match((await person.page.textContent('[data-testid="cover"]')) ?? "", /engine does not answer/);
	assert.equal((await fetch(`${gateway.base}/healthz`)).status, 200, "the gateway itself stays up");
	const { httpStatus, status } = await gateway.readiness();
	assert.deepEqual([httpStatus, status], [503, "engine-down"]);
	await engine.start();
	await untilRecovered(person, name);
	assert.equal((await gateway.readiness()).httpStatus, 200);
	await person.close();
});
