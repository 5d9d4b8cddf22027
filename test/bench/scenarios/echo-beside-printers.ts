/** A keystroke's echo while fifty others print, as a room full of people does. */
import type { BenchShell } from "../bench-shell.ts";
import { Crowd } from "../crowd.ts";
import { echoRow, echoTimes } from "../echo-rounds.ts";
import { inTurns, oneContainer, type Scenario } from "../scenario.ts";
import { printLines } from "../slow-printer.ts";

const PRINTERS = 50;
const LINES_PER_SECOND = 20;
/** A little longer than the keystrokes take, with their pauses. */
const SECONDS_PER_KEY = 0.015;
const LEAST_SECONDS = 2;

export const echoBesidePrinters: Scenario = {
	name: "echo-beside-printers",
	stage: oneContainer,
	limitSeconds: 240,
	async run({ stage, sizes }) {
		await using pair = await stage.pair();
		const cookies = (await stage.cookies(PRINTERS + 1)).slice(1);
		const account = await stage.floorAccount();
		const accounts = Array.from({ length: PRINTERS }, () => account);
		await using berthCrowd = await Crowd.gather({ kind: "berth", base: stage.base, cookies, shellsPerPage: 1 });
		await using floorCrowd = await Crowd.gather({ kind: "floor", accounts });
		for (const crowd of [berthCrowd, floorCrowd]) await crowd.ask({ op: "open", atOnce: 10 });
		for (const shell of [pair.floor, pair.berth]) await shell.startEcho();
		const seconds = LEAST_SECONDS + sizes.keys * SECONDS_PER_KEY;
		const beside = async (crowd: Crowd, shell: BenchShell): Promise<number[]> => {
			await crowd.ask({ op: "line", text: printLines(LINES_PER_SECOND, seconds) });
			const times = await echoTimes(shell, sizes.keys);
			await crowd.ask({ op: "prompts" });
			return times;
		};
		const rounds = await inTurns(sizes.rounds, {
			floor: () => beside(floorCrowd, pair.floor),
			berth: () => beside(berthCrowd, pair.berth),
		});
		const bar = { kind: "above-floor", most: 1.5 } as const;
		return [
			echoRow(`echo p99, ${PRINTERS} other sessions printing ${LINES_PER_SECOND} lines/s each`, 0.99, bar, rounds),
		];
	},
};
