/** `npm run bench`: parses arguments, runs scenarios, reports. See docs/benchmarks.md. */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { writeReport } from "./report.ts";
import { runAll } from "./run.ts";
import type { Sizes } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";

const HELP = `usage: npm run bench -- [OPTION...]

Measures the gateway on real containers against one \`docker exec\` per shell.
Needs a Docker engine on this machine, the image terminal-multi-user:latest, and root.

  --quick            fewer rounds and smaller numbers: 3 minutes instead of 15
  --only NAME[,...]  these scenarios only
  --list             names of the scenarios
  --rounds N         times that floor and gateway take turns
  --cpus N           cores per container; all by default
  --profile FOLDER   CPU profiles of the gateway, one per scenario
  --write            write docs/benchmarks.md and docs/benchmarks/<date>.json
  --help             this`;

const FULL: Sizes = {
	rounds: 5,
	opens: 15,
	keys: 300,
	bulkBytes: 160e6,
	passedBytes: 10e9,
	stallSeconds: 60,
	interrupts: 20,
	crowd: 1_000,
	crowdContainers: 10,
	floorCrowd: 100,
	resumed: 200,
	idleSeconds: 30,
	typingSeconds: 20,
};

const QUICK: Sizes = {
	rounds: 2,
	opens: 6,
	keys: 150,
	bulkBytes: 80e6,
	passedBytes: 300e6,
	stallSeconds: 5,
	interrupts: 5,
	crowd: 100,
	crowdContainers: 2,
	floorCrowd: 20,
	resumed: 50,
	idleSeconds: 5,
	typingSeconds: 5,
};

const EXIT_BAD_ARGUMENTS = 2;

function readArguments() {
	const { values } = parseArgs({
		options: {
			quick: { type: "boolean", default: false },
			only: { type: "string" },
			list: { type: "boolean", default: false },
			rounds: { type: "string" },
			cpus: { type: "string" },
			profile: { type: "string" },
			write: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	const names = values.only?.split(",") ?? SCENARIOS.map(({ name }) => name);
	const scenarios = names.map((name) => {
		const found = SCENARIOS.find((scenario) => scenario.name === name);
		if (found === undefined) throw new TypeError(`there is no scenario ${name}; see --list`);
		return found;
	});
	const sizes = values.quick ? QUICK : FULL;
	return {
		...values,
		scenarios,
		sizes: { ...sizes, rounds: positive("--rounds", values.rounds) ?? sizes.rounds },
		cpus: positive("--cpus", values.cpus) ?? availableParallelism(),
	};
}

function positive(name: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	const number = Number(text);
	if (!(number > 0)) throw new TypeError(`${name} takes a number above 0, not ${text}`);
	return number;
}

/** Null, with a word on standard error, where they make no sense. */
function readArgumentsOrComplain(): ReturnType<typeof readArguments> | null {
	try {
		return readArguments();
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		console.error(error.message);
		return null;
	}
}

async function main(): Promise<number> {
	const options = readArgumentsOrComplain();
	if (options === null) return EXIT_BAD_ARGUMENTS;
	if (options.help) console.log(HELP);
	else if (options.list) console.log(SCENARIOS.map(({ name }) => name).join("\n"));
	else return await measure(options);
	return 0;
}

/** Returns 1 where a scenario failed. A bar that is missed is a result, not a failure. */
async function measure(options: ReturnType<typeof readArguments>): Promise<number> {
	const startedAt = new Date();
	const results = await runAll(options);
	if (options.write) await writeReport(results, { startedAt, command: commandLine(), cpus: options.cpus });
	return results.some(({ kind }) => kind === "failed") ? 1 : 0;
}

function commandLine(): string {
	const args = process.argv.slice(2).filter((arg) => arg !== "--write");
	return args.length === 0 ? "npm run bench" : `npm run bench -- ${args.join(" ")}`;
}

process.exit(await main());
