/** A page that comes later shows what a page shows that was there all the time, and goes on the same. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";
import { begin, drawn, markOf } from "./printed-programs.ts";
import { PROGRAMS, type Program } from "./snapshot-programs.ts";

const RING_BYTES = 256 * 1024;
/** The ring keeps a little more than it says. */
const BEYOND_RING_BYTES = 2 * RING_BYTES;

let pool: TestPool;
let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1", REPLAY_BUFFER: String(RING_BYTES), SESSIONS_PER_USER: "8" });
	gateway = await GatewayProcess.start(pool.environment);
	while ((await gateway.readiness()).containers.ready < 1) await new Promise((resolve) => setTimeout(resolve, 100));
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

const PADDING_BYTES = Number(process.env.PADDING ?? BEYOND_RING_BYTES);

test("sequences of all kinds, printed long ago, show the same to who comes now, and go on the same", async (t) => {
	using early = await PageClient.connect(gateway.base);
	using late = await PageClient.connect(gateway.base, early.cookie);
	await early.untilReady();
	for (const program of PROGRAMS) await t.test(program.title, async () => await compare(program, early, late));
});

async function compare(program: Program, early: PageClient, late: PageClient): Promise<void> {
	const seen = await begin(early, program, PADDING_BYTES);
	try {
		const fresh = await late.attach(seen.sessionId);
		await late.until(() => fresh.offset === seen.offset, "all of the output");
		assert.deepEqual(await drawn(fresh), await drawn(seen));
		early.type(seen, " ");
		await early.until(() => hasRested(seen), "what remains");
		await late.until(() => hasRested(fresh), "what remains");
		assert.deepEqual(await drawn(fresh), await drawn(seen));
	} finally {
		await early.ask("session:close", { sessionId: seen.sessionId });
	}
}

function hasRested({ text }: Screen): boolean {
	return text.endsWith(markOf("rested"));
}
