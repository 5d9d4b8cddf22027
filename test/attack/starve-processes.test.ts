import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("a fork bomb takes its own account's processes and nobody else's", async () => {
	await using all = await Neighbours.gather(1);
	const [stranger] = all.strangers;
	stranger?.begin("bomb() { bomb | bomb & }; bomb");
	await stranger?.untilPrinted("Resource temporarily unavailable");
	await all.assertUndisturbed();
	assert.equal(await all.victim.run("(echo still) | cat | cat"), "still");
	await all.assertHealthy();
});
