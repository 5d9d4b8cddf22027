/** What people leave in temporary folders goes with their last session, and nobody else's does. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { SLOWNESS } from "../support/patience.ts";
import { TestPool } from "../support/test-pool.ts";

const PATIENCE_MS = 30_000 * SLOWNESS;

let pool: TestPool;
let gateway: GatewayProcess;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1" });
	gateway = await GatewayProcess.start(pool.environment);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

async function arrive(): Promise<PageClient> {
	const page = await PageClient.connect(gateway.base);
	await page.untilReady();
	return page;
}

const leftIn = async (folder: string): Promise<string> =>
	await pool.run(1, ["sh", "-c", `find ${folder} -mindepth 1 -printf '%f '`]);

test("an account's temporary files go some seconds after its last session, and other people's stay", async () => {
	using ada = await arrive();
	using eve = await arrive();
	const [hers, ...more] = [await ada.open(), await ada.open()];
	const theirs = await eve.open();
	await ada.run(
		hers,
		"mkdir -p /tmp/ada/deep; touch /tmp/ada/deep/a /var/tmp/b $TMPDIR/c; ln -s /workspace /tmp/ada/link",
	);
	await eve.run(theirs, "touch /tmp/eve");
	await ada.ask("session:close", { sessionId: hers.sessionId });
	await sleep(8_000);
	assert.match(await leftIn("/tmp"), /ada deep a|link/, "another session of the account still runs");
	for (const { sessionId } of more) await ada.ask("session:close", { sessionId });
	const deadline = performance.now() + PATIENCE_MS;
	while (/\b(ada|b|c)\b/.test(await leftIn("/tmp /var/tmp /workspace/*/.tmp"))) {
		assert.ok(performance.now() < deadline, "they stay for ever");
		await sleep(500);
	}
	assert.match(await leftIn("/tmp"), /^eve $/);
	assert.equal(await eve.run(theirs, "ls /tmp"), "eve");
});

test("who comes back before that finds them, and can use tmux", async () => {
	using ada = await arrive();
	const first = await ada.open();
	await ada.run(first, "touch /tmp/kept");
	await ada.ask("session:close", { sessionId: first.sessionId });
	const again = await ada.open();
	await sleep(8_000);
	assert.match(await ada.run(again, "ls /tmp"), /kept/);
	assert.equal(await ada.run(again, "tmux new-session -d 'sleep 100'; tmux ls | wc -l"), "1");
});
