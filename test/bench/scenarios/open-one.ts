/** A warm account opens one shell after the other: from the request to the first prompt. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchShell } from "../bench-shell.ts";
import { CpuCost } from "../cpu-cost.ts";
import { FloorShell } from "../floor-shell.ts";
import { inTurns, oneContainer, type Scenario } from "../scenario.ts";
import { median } from "../statistics.ts";

const WARM_UP_OPENS = 3;
/** Before the next one: ending a shell is not what is measured. */
const PAUSE_MS = 50;

export const openOne: Scenario = {
	name: "open-one",
	stage: oneContainer,
	limitSeconds: 120,
	async run({ stage, sizes }) {
		using page = await stage.warmPage();
		const account = await stage.floorAccount();
		const floor = () => openTimes(() => FloorShell.open(account), sizes.opens);
		const berth = () => openTimes(() => page.open(), sizes.opens);
		await openTimes(() => FloorShell.open(account), WARM_UP_OPENS);
		await openTimes(() => page.open(), WARM_UP_OPENS);
		const cpu = new CpuCost(stage);
		const rounds = await inTurns(sizes.rounds, {
			floor: () => cpu.of("floor", floor),
			berth: () => cpu.of("berth", berth),
		});
		return [
			{
				what: "open to first prompt, warm account, one at a time: p50",
				unit: "ms",
				floor: median(rounds.floor.map(median)),
				berth: median(rounds.berth.map(median)),
				bar: { kind: "share-of-floor", most: 1 / 5 },
				details: {
					floorRounds: rounds.floor.map(median),
					berthRounds: rounds.berth.map(median),
					...cpu.per("Open", sizes.opens * sizes.rounds),
				},
			},
		];
	},
};

async function openTimes(open: () => Promise<BenchShell>, count: number): Promise<number[]> {
	const times: number[] = [];
	for (let at = 0; at < count; at++) {
		const start = performance.now();
		const shell = await open();
		times.push((await shell.untilFirstPrompt()) - start);
		await shell.close();
		await sleep(PAUSE_MS);
	}
	return times;
}
