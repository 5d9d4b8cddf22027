import assert from "node:assert/strict";
import { test } from "node:test";
import { networkStage, REFUSED } from "./network-stage.ts";
import { GREETING, PUBLIC_ADDRESS } from "./whole-world.ts";

test("nobody can send spam: mail servers are out of reach, and programs that sign in to send mail are not", async (t) => {
	const { attacker, change } = await networkStage(t);
	assert.deepEqual(await attacker.knock([PUBLIC_ADDRESS], 25), [REFUSED]);
	assert.deepEqual(await attacker.knock([PUBLIC_ADDRESS], 587), [GREETING]);
	const inTheOpen = await change({ EGRESS_POLICY: "open" });
	assert.deepEqual(await inTheOpen.knock([PUBLIC_ADDRESS], 25), [GREETING]);
});
