/**
 * A thousand pages whose gateway went away at the same moment: how they come back, by arithmetic. Each arrival costs
 * the gateway a handshake, a list of sessions and a replay, so that what counts is the busiest second.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { reconnectDelayMs } from "../../web/container-terminal/back-off.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const PAGES = 1_000;
const SECOND_MS = 1_000;
/** A page notices within this time that its connection broke: one way over a slow line. */
const NOTICE_MS = 100;
/** Nobody looks at a dead terminal for longer while the gateway is there. */
const LONGEST_WAIT_MS = 10_000;

/** When each page reaches a gateway that was away for `outageMs`, ms from its end; in order. */
function arrivals(random: SeededRandom, outageMs: number): number[] {
	return Array.from({ length: PAGES }, () => {
		let at = random.next() * NOTICE_MS;
		for (let attempt = 1; at < outageMs; attempt += 1) at += reconnectDelayMs(attempt, random.next);
		return at - outageMs;
	}).toSorted((one, other) => one - other);
}

/** Most arrivals within any `spanMs`, wherever it begins. */
function mostWithin(times: readonly number[], spanMs: number): number {
	let from = 0;
	let most = 0;
	times.forEach((time, index) => {
		while (time - (times[from] ?? time) >= spanMs) from += 1;
		most = Math.max(most, index - from + 1);
	});
	return most;
}

for (const { outageMs, share, what } of [
	{ outageMs: 3_000, share: 0.45, what: "a restart of three seconds" },
	{ outageMs: 10_000, share: 0.3, what: "an upgrade of ten seconds" },
	{ outageMs: 60_000, share: 0.2, what: "an outage of a minute" },
]) {
	test(`after ${what} no second sees more than ${share * 100} % of the pages`, () => {
		const random = SeededRandom.fromEnvironment();
		const times = arrivals(random, outageMs);
		const most = mostWithin(times, SECOND_MS);
		assert.ok(most <= PAGES * share, `${most} of ${PAGES} within one second, seed ${random.seed}`);
		assert.ok((times.at(-1) ?? 0) <= LONGEST_WAIT_MS, `the last came after ${times.at(-1)} ms, seed ${random.seed}`);
	});
}

test("a connection that only hiccuped is tried again within half a second", () => {
	const random = SeededRandom.fromEnvironment();
	for (let i = 0; i < PAGES; i += 1) assert.ok(reconnectDelayMs(1, random.next) <= SECOND_MS / 2);
});
