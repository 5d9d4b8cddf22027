/** One program prints as fast as it can, and its client reads as fast as it can. */
import type { BenchShell } from "../bench-shell.ts";
import { CpuCost } from "../cpu-cost.ts";
import { startFlood, stopFlood, untilReceived } from "../flood.ts";
import { inTurns, oneContainer, type Scenario } from "../scenario.ts";
import { median } from "../statistics.ts";

const PATIENCE_MS = 60_000;

export const bulk: Scenario = {
	name: "bulk",
	stage: oneContainer,
	limitSeconds: 180,
	async run({ stage, sizes }) {
		await using pair = await stage.pair();
		const cpu = new CpuCost(stage);
		const rounds = await inTurns(sizes.rounds, {
			floor: () => cpu.of("floor", () => megabytesPerSecond(pair.floor, sizes.bulkBytes)),
			berth: () => cpu.of("berth", () => megabytesPerSecond(pair.berth, sizes.bulkBytes)),
		});
		return [
			{
				what: "bulk output to a reading client",
				unit: "MB/s",
				floor: median(rounds.floor),
				berth: median(rounds.berth),
				bar: { kind: "least-share-of-floor", least: 0.75 },
				details: {
					floorRounds: rounds.floor,
					berthRounds: rounds.berth,
					...cpu.per("MB", (sizes.bulkBytes / 1e6) * sizes.rounds),
				},
			},
		];
	},
};

async function megabytesPerSecond(shell: BenchShell, bytes: number): Promise<number> {
	await startFlood(shell);
	const ms = await untilReceived(shell, bytes, PATIENCE_MS);
	await stopFlood(shell);
	return bytes / 1e6 / (ms / 1000);
}
