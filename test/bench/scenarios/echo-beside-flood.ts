/** A keystroke's echo while another session on the same link floods a client that reads. */
import type { BenchShell } from "../bench-shell.ts";
import { Crowd } from "../crowd.ts";
import { echoRow, echoTimes } from "../echo-rounds.ts";
import { FLOOD_COMMAND } from "../flood.ts";
import { inTurns, oneContainer, type Scenario } from "../scenario.ts";

/** Fewer than alone: beside a flood each takes longer. */
const KEYS_SHARE = 0.5;

export const echoBesideFlood: Scenario = {
	name: "echo-beside-flood",
	stage: oneContainer,
	limitSeconds: 180,
	async run({ stage, sizes }) {
		await using pair = await stage.pair();
		const { base } = stage;
		const cookies = (await stage.cookies(2)).slice(1);
		await using berthFlood = await Crowd.gather({ kind: "berth", base, cookies, shellsPerPage: 1 });
		await using floorFlood = await Crowd.gather({ kind: "floor", accounts: [await stage.floorAccount()] });
		for (const crowd of [berthFlood, floorFlood]) await crowd.ask({ op: "open", atOnce: 1 });
		for (const shell of [pair.floor, pair.berth]) await shell.startEcho();
		const keys = Math.ceil(sizes.keys * KEYS_SHARE);
		let flooded = 0;
		const beside = async (crowd: Crowd, shell: BenchShell): Promise<number[]> => {
			const before = await crowd.ask({ op: "received" });
			await crowd.ask({ op: "line", text: FLOOD_COMMAND });
			const times = await echoTimes(shell, keys);
			await crowd.ask({ op: "interrupt" });
			flooded += (await crowd.ask({ op: "received" })) - before;
			return times;
		};
		const rounds = await inTurns(sizes.rounds, {
			floor: () => beside(floorFlood, pair.floor),
			berth: () => beside(berthFlood, pair.berth),
		});
		const row = echoRow(
			"echo p99 of one session while another on the same link runs `yes` into a reading client",
			0.99,
			{ kind: "at-most", most: 10 },
			rounds,
		);
		return [{ ...row, details: { ...row.details, floodedBytes: flooded } }];
	},
};
