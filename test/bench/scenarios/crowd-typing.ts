/** A thousand people type, a character a second each. */
import { Crowd } from "../crowd.ts";
import { crowdContainers, type Scenario } from "../scenario.ts";
import { percentile } from "../statistics.ts";

const OPEN_AT_ONCE = 8;
const KEYS_PER_SECOND = 1;

export const crowdTyping: Scenario = {
	name: "crowd-typing",
	stage: crowdContainers,
	limitSeconds: 400,
	async run({ stage, sizes, say }) {
		const cookies = await stage.cookies(sizes.crowd);
		await using crowd = await Crowd.gather({ kind: "berth", base: stage.base, cookies, shellsPerPage: 1 });
		await crowd.ask({ op: "open", atOnce: OPEN_AT_ONCE });
		await crowd.ask({ op: "startEcho" });
		say(`${sizes.crowd} shells echo`);
		// The first seconds run code that is not compiled yet.
		await crowd.ask({ op: "echoes", perSecond: KEYS_PER_SECOND, seconds: WARM_UP_SECONDS });
		const times = await crowd.ask({ op: "echoes", perSecond: KEYS_PER_SECOND, seconds: sizes.typingSeconds });
		return [
			{
				what: `${sizes.crowd} sessions each typing ${KEYS_PER_SECOND} char/s: echo p99`,
				unit: "ms",
				floor: null,
				berth: percentile(times, 0.99),
				bar: { kind: "at-most", most: 25 },
				details: { keystrokes: times.length, p50: percentile(times, 0.5), greatest: percentile(times, 1) },
			},
		];
	},
};
const WARM_UP_SECONDS = 4;
