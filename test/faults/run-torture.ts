/** `npm run torture`: the long torture, for both ways to carry the link. A failure says how to have it again. */
import { parseArgs } from "node:util";
import { SeededRandom } from "../support/seeded-random.ts";
import type { FaultCounts } from "./fault-plan.ts";
import { InputWorkload } from "./input-workload.ts";
import { OutputWorkload } from "./output-workload.ts";
import { chosen, numberOption, whole } from "./run-options.ts";
import { CARRIERS, type Carrier, onStage } from "./stage.ts";
import { type TortureReport, torture, type Workload } from "./torture.ts";

const USAGE = `usage: npm run torture -- [OPTION...]

Breaks the page's connection, the link and the gateway again and again while a program prints
numbered lines, then while it is typed to; fails where a byte is lost, doubled or changed.

  --seed N        chance, as an earlier run printed it; otherwise another one each time
  --bytes N       bytes of numbered lines (50000000)
  --inputs N      numbered inputs (10000)
  --cuts N        breaks of the page's connection (100)
  --link-cuts N   breaks of the link (20)
  --kills N       ends of the gateway (5)
  --carrier NAME  socket or exec: only this way to carry the link
  --only WHAT     output or input`;

const WORKS = ["output", "input"] as const;
type Work = (typeof WORKS)[number];

type Run = { seed: number; bytes: number; inputs: number; counts: FaultCounts };

function readOptions() {
	const { values } = parseArgs({
		options: {
			help: { type: "boolean", default: false },
			seed: numberOption(SeededRandom.fromEnvironment().seed),
			bytes: numberOption(50_000_000),
			inputs: numberOption(10_000),
			cuts: numberOption(100),
			"link-cuts": numberOption(20),
			kills: numberOption(5),
			carrier: { type: "string" },
			only: { type: "string" },
		},
	});
	const counts = { cuts: whole(values.cuts), linkCuts: whole(values["link-cuts"]), kills: whole(values.kills) };
	const { help, carrier, only } = values;
	const run: Run = { seed: whole(values.seed), bytes: whole(values.bytes), inputs: whole(values.inputs), counts };
	return { help, run, carriers: chosen(CARRIERS, carrier), works: chosen(WORKS, only) };
}

/** Each run begins with the seed itself, so that it can be had again alone. */
async function tortureOnce(carrier: Carrier, work: Work, { seed, bytes, inputs, counts }: Run): Promise<TortureReport> {
	const random = new SeededRandom(seed);
	const begin = (type: (text: string) => void): Workload =>
		work === "output" ? new OutputWorkload(bytes, type) : new InputWorkload(inputs, random.fork(), type);
	return await onStage(carrier, {}, (stage) => torture(stage, random, counts, begin));
}

function commandFor(carrier: Carrier, work: Work, { seed, bytes, inputs, counts }: Run): string {
	const amount = `--bytes ${bytes} --inputs ${inputs}`;
	const faults = `--cuts ${counts.cuts} --link-cuts ${counts.linkCuts} --kills ${counts.kills}`;
	return `npm run torture -- --seed ${seed} ${amount} ${faults} --carrier ${carrier} --only ${work}`;
}

async function main(): Promise<void> {
	const { help, run, carriers, works } = readOptions();
	if (help) {
		console.log(USAGE);
		return;
	}
	console.log(`seed ${run.seed}`);
	for (const carrier of carriers) {
		for (const work of works) await runOne(carrier, work, run);
	}
}

async function runOne(carrier: Carrier, work: Work, run: Run): Promise<void> {
	try {
		const { bytes, faults, attaches, seconds } = await tortureOnce(carrier, work, run);
		const course = `${faults} breaks, ${attaches} attachments, ${seconds.toFixed(0)} s`;
		console.log(`${work} over ${carrier}: ${bytes} bytes, each once and in order; ${course}`);
	} catch (thrown) {
		console.error(`${work} over ${carrier} failed. Again: ${commandFor(carrier, work, run)}`);
		throw thrown;
	}
}

await main();
