/** Rounds of keystrokes, each waiting for its echo. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchShell } from "./bench-shell.ts";
import type { Bar, Row } from "./scenario.ts";
import { median, percentile } from "./statistics.ts";

/** Between an echo and the next key, ms: nobody types faster, and nothing of one key is left when the next one comes. */
const PAUSE_MS = { least: 8, spread: 4 };
const KEYS = "abcdefghijklmnopqrstuvwxyz";

/** Types `count` keys into a shell that echoes; time of each, ms. */
export async function echoTimes(shell: BenchShell, count: number): Promise<number[]> {
	const times: number[] = [];
	for (let at = 0; at < count; at++) {
		times.push(await shell.echo(KEYS[at % KEYS.length] ?? ""));
		await sleep(PAUSE_MS.least + Math.random() * PAUSE_MS.spread);
	}
	return times;
}

/** A row for one percentile: the median of the rounds' own. */
export function echoRow(
	what: string,
	share: number,
	bar: Bar,
	{ floor, berth }: { floor: number[][]; berth: number[][] },
): Row {
	const each = (rounds: number[][]): number[] => rounds.map((times) => percentile(times, share));
	return {
		what,
		unit: "ms",
		floor: floor.length === 0 ? null : median(each(floor)),
		berth: median(each(berth)),
		bar,
		details: { floorRounds: each(floor), berthRounds: each(berth) },
	};
}
