import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Neighbours } from "./neighbours.ts";

test("floods on five terminals do not hold up who types in another", async () => {
	await using all = await Neighbours.gather(5);
	for (const stranger of all.strangers) stranger.begin("yes");
	await sleep(1_000);
	await all.assertUndisturbed();
	await all.assertHealthy();
});
