/** A class begins: a hundred people, each with an account and an open page, open a shell in the same moment. */
import { Crowd, type CrowdPlace } from "../crowd.ts";
import { inTurns, oneContainer, type Scenario } from "../scenario.ts";
import { median } from "../statistics.ts";

const SHELLS = 100;
/** Each round ends a hundred programs too, which takes the engine as long as to start them. */
const MOST_ROUNDS = 3;
const WARM_UP_AT_ONCE = 10;

export const openHundred: Scenario = {
	name: "open-hundred",
	stage: oneContainer,
	limitSeconds: 240,
	async run({ stage, sizes }) {
		const account = await stage.floorAccount();
		const berth: CrowdPlace = {
			kind: "berth",
			base: stage.base,
			cookies: await stage.cookies(SHELLS),
			shellsPerPage: 1,
		};
		const floor: CrowdPlace = { kind: "floor", accounts: Array.from({ length: SHELLS }, () => account) };
		await secondsUntilPrompts(berth, WARM_UP_AT_ONCE);
		const rounds = await inTurns(Math.min(sizes.rounds, MOST_ROUNDS), {
			floor: () => secondsUntilPrompts(floor, SHELLS),
			berth: () => secondsUntilPrompts(berth, SHELLS),
		});
		return [
			{
				what: `${SHELLS} opened at once, until all have prompts`,
				unit: "s",
				floor: median(rounds.floor),
				berth: median(rounds.berth),
				bar: { kind: "share-of-floor", most: 1 / 12 },
				details: { floorRounds: rounds.floor, berthRounds: rounds.berth },
			},
		];
	},
};

async function secondsUntilPrompts(place: CrowdPlace, atOnce: number): Promise<number> {
	await using crowd = await Crowd.gather(place);
	return Math.max(...(await crowd.ask({ op: "open", atOnce }))) / 1000;
}
