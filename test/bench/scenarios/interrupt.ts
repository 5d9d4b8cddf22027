/** Ctrl-C while a program floods a reading client: until the prompt is back. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchShell } from "../bench-shell.ts";
import { startFlood, stopFlood } from "../flood.ts";
import { inTurns, oneContainer, type Row, type Scenario } from "../scenario.ts";
import { percentile } from "../statistics.ts";

/** Of flood before each Ctrl-C, ms: long enough that every buffer on the way is as full as it gets. */
const FLOOD_MS = 150;

export const interrupt: Scenario = {
	name: "interrupt",
	stage: oneContainer,
	limitSeconds: 180,
	async run({ stage, sizes }) {
		await using pair = await stage.pair();
		const rounds = await inTurns(sizes.rounds, {
			floor: () => interruptTimes(pair.floor, sizes.interrupts),
			berth: () => interruptTimes(pair.berth, sizes.interrupts),
		});
		const all = { floor: rounds.floor.flat(), berth: rounds.berth.flat() };
		return [
			row("Ctrl-C under flood, prompt back: p50", 0.5, 5, all),
			row("Ctrl-C under flood, prompt back: greatest", 1, 50, all),
		];
	},
};

function row(what: string, share: number, most: number, { floor, berth }: { floor: number[]; berth: number[] }): Row {
	return {
		what,
		unit: "ms",
		floor: percentile(floor, share),
		berth: percentile(berth, share),
		bar: { kind: "at-most", most },
		details: { interrupts: berth.length, floorP99: percentile(floor, 0.99), berthP99: percentile(berth, 0.99) },
	};
}

async function interruptTimes(shell: BenchShell, count: number): Promise<number[]> {
	const times: number[] = [];
	for (let at = 0; at < count; at++) {
		await startFlood(shell);
		await sleep(FLOOD_MS);
		times.push(await stopFlood(shell));
	}
	return times;
}
