/** The short torture; `npm run torture` is the long one. A failure's seed runs it again: BERTH_SEED. */
import { type TestContext, test } from "node:test";
import { SeededRandom } from "../support/seeded-random.ts";
import { InputWorkload } from "./input-workload.ts";
import { OutputWorkload } from "./output-workload.ts";
import { type Carrier, Stage } from "./stage.ts";
import { torture } from "./torture.ts";

const MB = 1_000_000;

async function setUp(t: TestContext, carrier: Carrier): Promise<{ stage: Stage; random: SeededRandom }> {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`seed ${random.seed}`);
	const stage = await Stage.open(carrier);
	t.after(() => stage[Symbol.asyncDispose]());
	return { stage, random };
}

test("output arrives whole though page, link and gateway break again and again", async (t) => {
	const { stage, random } = await setUp(t, "socket");
	const counts = { cuts: 10, linkCuts: 3, kills: 1 };
	const report = await torture(stage, random, counts, (type) => new OutputWorkload(5 * MB, type));
	t.diagnostic(JSON.stringify(report));
});

test("input arrives once and in order though page, link and gateway break again and again", async (t) => {
	const { stage, random } = await setUp(t, "socket");
	const counts = { cuts: 10, linkCuts: 3, kills: 1 };
	const report = await torture(stage, random, counts, (type) => new InputWorkload(1_000, random.fork(), type));
	t.diagnostic(JSON.stringify(report));
});
