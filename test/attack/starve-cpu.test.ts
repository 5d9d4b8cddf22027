import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Neighbours } from "./neighbours.ts";

test("who types is not kept waiting by programs that take all the CPU they get in 19 other accounts", async () => {
	await using all = await Neighbours.gather(19);
	for (const stranger of all.strangers) stranger.begin("while :; do :; done");
	await sleep(SETTLE_MS);
	await all.assertUndisturbed();
	await all.assertHealthy();
});

/** Until shares have been measured and dealt out. */
const SETTLE_MS = 5_000;
