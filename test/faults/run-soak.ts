/** `npm run soak`: the long soak. A failure says how to have it again. */
import { parseArgs } from "node:util";
import { SeededRandom } from "../support/seeded-random.ts";
import { type Holding, INSPECTED } from "./memory-probe.ts";
import { numberOption, oneOf, whole } from "./run-options.ts";
import { soak } from "./soak.ts";
import { CARRIERS, onStage } from "./stage.ts";

const USAGE = `usage: npm run soak -- [OPTION...]

Opens sessions, floods, cuts, resumes, reloads and closes them in random order, rests now and then,
and fails where the gateway or the agent holds more and more from rest to rest.

  --seed N        chance, as an earlier run printed it; otherwise another one each time
  --lines N       lines to be printed in all (10000000)
  --minutes N     stops after so long even if not all lines were printed (60)
  --rests N       how often everything is closed and measured (12)
  --people N      people who use it at the same time (4)
  --carrier NAME  socket or exec: how the link is carried (socket)`;

function readOptions() {
	const { values } = parseArgs({
		options: {
			help: { type: "boolean", default: false },
			seed: numberOption(SeededRandom.fromEnvironment().seed),
			lines: numberOption(10_000_000),
			minutes: numberOption(60),
			rests: numberOption(12),
			people: numberOption(4),
			carrier: { type: "string", default: "socket" },
		},
	});
	const carrier = oneOf(CARRIERS, values.carrier);
	const { seed, lines, minutes, rests, people } = values;
	const plan = { lines: whole(lines), seconds: whole(minutes) * 60, rests: whole(rests), people: whole(people) };
	return { help: values.help, seed: whole(seed), carrier, plan };
}

function describe({ heap, external, files, waits, resident }: Holding): string {
	const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2);
	return `heap ${mib(heap)} MiB, buffers ${mib(external)} MiB, resident ${mib(resident)} MiB, ${files} files, ${waits} waits`;
}

const { help, seed, carrier, plan } = readOptions();
if (help) {
	console.log(USAGE);
	process.exit(0);
}
const random = new SeededRandom(seed);
const again = `npm run soak -- --seed ${seed} --lines ${plan.lines} --rests ${plan.rests} --people ${plan.people} --carrier ${carrier}`;
console.log(`seed ${seed}`);
const { growth, rounds } = await onStage(carrier, INSPECTED, (stage) =>
	soak(stage, random, plan, (gateway, agent, lines) => {
		console.log(`after ${lines} lines\n  gateway: ${describe(gateway)}\n  agent:   ${describe(agent)}`);
	}).catch((cause: unknown) => {
		throw new Error(`it did not come to its end. Again: ${again}\n${stage.lastWords}`, { cause });
	}),
);
console.log(`${rounds} sessions`);
for (const { process: name, of, from, to, allowed } of growth) {
	console.error(
		`the ${name} holds more: ${of} went from ${from} to ${to}, and ${allowed} more are allowed. Again: ${again}`,
	);
}
process.exitCode = growth.length === 0 ? 0 : 1;
