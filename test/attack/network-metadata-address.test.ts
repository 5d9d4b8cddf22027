import assert from "node:assert/strict";
import { test } from "node:test";
import { each, networkStage, REFUSED } from "./network-stage.ts";
import { GREETING } from "./whole-world.ts";

/** That of most clouds in four spellings, their resolvers and time servers, and those of single clouds. */
const SERVICES = [
	...["169.254.169.254", "::ffff:169.254.169.254", "2852039166", "0xa9fea9fe"],
	...["169.254.169.253", "169.254.169.123", "169.254.170.2", "100.100.100.200", "192.0.0.192"],
];

test("a cloud's metadata service does not give anybody the machine's credentials, however its address is spelt", async (t) => {
	const { attacker, change } = await networkStage(t);
	assert.deepEqual(await attacker.knock(SERVICES, 80), each(SERVICES, REFUSED));
	const inTheOpen = await change({ EGRESS_POLICY: "open" });
	assert.deepEqual(await inTheOpen.knock(SERVICES, 80), each(SERVICES, GREETING));
});
