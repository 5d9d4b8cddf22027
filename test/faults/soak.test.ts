/** The short soak; `npm run soak` is the long one. A failure's seed runs it again: BERTH_SEED. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../support/seeded-random.ts";
import { INSPECTED } from "./memory-probe.ts";
import { soak } from "./soak.ts";
import { Stage } from "./stage.ts";

test("gateway and agent hold no more after many sessions than after few", async (t) => {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`seed ${random.seed}`);
	await using stage = await Stage.open("socket", INSPECTED);
	const plan = { lines: 200_000, seconds: 20, rests: 5, people: 3 };
	const { growth, gateway, agent, rounds, lines } = await soak(stage, random, plan);
	t.diagnostic(`${rounds} sessions, ${lines} lines`);
	assert.deepEqual(growth, [], JSON.stringify({ seed: random.seed, gateway, agent }));
});
