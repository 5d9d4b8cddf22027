/** One session alone: how long a keystroke takes to come back. */
import { CpuCost } from "../cpu-cost.ts";
import { echoRow, echoTimes } from "../echo-rounds.ts";
import { inTurns, oneContainer, type Scenario } from "../scenario.ts";

/** Before anything is measured: the first keystrokes run code that is not compiled yet. */
const WARM_UP_KEYS = 300;

export const echoOne: Scenario = {
	name: "echo-one",
	stage: oneContainer,
	limitSeconds: 120,
	async run({ stage, sizes }) {
		await using pair = await stage.pair();
		const { floor, berth } = pair;
		for (const shell of [floor, berth]) {
			await shell.startEcho();
			await echoTimes(shell, WARM_UP_KEYS);
		}
		const cpu = new CpuCost(stage);
		const rounds = await inTurns(sizes.rounds, {
			floor: () => cpu.of("floor", () => echoTimes(floor, sizes.keys)),
			berth: () => cpu.of("berth", () => echoTimes(berth, sizes.keys)),
		});
		const median = echoRow("echo, 1 session: p50", 0.5, { kind: "above-floor", most: 0.3 }, rounds);
		return [
			{ ...median, details: { ...median.details, ...cpu.per("Key", sizes.keys * sizes.rounds) } },
			echoRow("echo, 1 session: p99", 0.99, { kind: "above-floor", most: 0.8 }, rounds),
		];
	},
};
