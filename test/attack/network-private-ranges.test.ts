import assert from "node:assert/strict";
import { test } from "node:test";
import { each, networkStage, REFUSED, REFUSED6 } from "./network-stage.ts";
import { GREETING, PUBLIC_ADDRESS } from "./whole-world.ts";

/** First and last of each range that is not the Internet, and what lies right outside of some. */
const PRIVATE = [
	...["10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1", "192.168.255.254"],
	...["100.64.0.1", "100.127.255.254", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.19.255.254", "192.88.99.1"],
];
const PUBLIC = [PUBLIC_ADDRESS, "9.255.255.255", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.167.0.1", "100.63.0.1"];

test("private addresses are out of reach, and public ones are not", async (t) => {
	const { attacker, world, change } = await networkStage(t, () => ({
		EGRESS_ALLOW: "10.20.30.0/24",
		EGRESS_DENY: "45.67.0.1",
	}));
	const closed = [...PRIVATE, "45.67.0.1"];
	assert.deepEqual(await attacker.knock(closed, 443), each(closed, REFUSED));
	assert.deepEqual(await attacker.knock([world.neighbour6], 443), [REFUSED6]);
	assert.deepEqual(await attacker.knock(PUBLIC, 443), each(PUBLIC, GREETING));
	assert.deepEqual(await attacker.knock(["10.20.30.40", "10.20.31.1"], 443), [GREETING, REFUSED]);

	const inTheOpen = await change({ EGRESS_POLICY: "open" });
	assert.deepEqual(await inTheOpen.knock(closed, 443), each(closed, GREETING));
	assert.deepEqual(await inTheOpen.knock([world.neighbour6], 443), [GREETING]);
});
