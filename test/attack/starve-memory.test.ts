import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("a program that takes memory without end is ended, and nobody else's is", async () => {
	await using all = await Neighbours.gather(2);
	await all.victim.run("sleep 300 & echo $! > ~/pid");
	const [one, other] = all.strangers;
	for (const stranger of [one, other]) {
		stranger?.begin("while :; do python3 -c 'all = [bytearray(1 << 20) for _ in range(1000)]'; done");
	}
	await one?.untilPrinted("Killed");
	await other?.untilPrinted("Killed");
	await one?.untilPrinted("MiB of memory together");
	await all.assertUndisturbed();
	assert.equal(await all.victim.run("kill -0 $(cat ~/pid) && echo lives"), "lives");
	await all.assertHealthy();
});
