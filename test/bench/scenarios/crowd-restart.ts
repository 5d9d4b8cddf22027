/** The gateway is killed under two hundred printing sessions and started again: how soon all of them go on. */
import { setTimeout as sleep } from "node:timers/promises";
import { Crowd } from "../crowd.ts";
import { crowdContainers, type Scenario } from "../scenario.ts";
import { printLines } from "../slow-printer.ts";

const LINES_PER_SECOND = 5;
/** Some seconds of output before the kill, and enough that programs still print when everybody is back. */
const PRINT_SECONDS = 12;
const KILL_AFTER_MS = 3_000;
const RESUME_LIMIT_MS = 60_000;

export const crowdRestart: Scenario = {
	name: "crowd-restart",
	stage: crowdContainers,
	limitSeconds: 180,
	async run({ stage, sizes }) {
		const cookies = await stage.cookies(sizes.resumed);
		await using crowd = await Crowd.gather({ kind: "berth", base: stage.base, cookies, shellsPerPage: 1 });
		await crowd.ask({ op: "open", atOnce: 10 });
		await crowd.ask({ op: "watchNumbers" });
		await crowd.ask({ op: "line", text: printLines(LINES_PER_SECOND, PRINT_SECONDS) });
		await sleep(KILL_AFTER_MS);
		const killedAt = Date.now();
		await stage.killGateway();
		const listensAt = Date.now();
		const resumedAt = await crowd.ask({ op: "untilResumed", limitMs: RESUME_LIMIT_MS });
		// Every line of every program, in order: what was printed while there was no gateway, too.
		await crowd.ask({ op: "untilNumber", last: LINES_PER_SECOND * PRINT_SECONDS });
		return [
			{
				what: `gateway SIGKILL with ${sizes.resumed} attached sessions: all resumed byte-exact, after it listens`,
				unit: "s",
				floor: null,
				berth: (resumedAt - listensAt) / 1000,
				bar: { kind: "at-most", most: 2 },
				details: { secondsUntilItListens: (listensAt - killedAt) / 1000 },
			},
		];
	},
};
