/** What is to go wrong during a run, and when: all of it decided before, by chance that can be had again. */
import type { CutStyle, Way } from "../support/cuttable-proxy.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

export type FaultCounts = { cuts: number; linkCuts: number; kills: number };

export type Fault = {
	/** How far the run has come by then, in bytes. */
	at: number;
	/** Waits until the page is attached; otherwise it hits whatever the page is just doing. */
	isForLivePage: boolean;
	/** And then comes so much later. */
	afterMs: number;
} & ({ kind: "page-cut" | "link-cut"; style: CutStyle } | { kind: "kill"; signal: "SIGKILL" | "SIGTERM" });

/** Faults come between these parts of the way: a run begins and ends undisturbed. */
const FIRST_AT = 0.01;
const LAST_AT = 0.98;
const LIVE_PROBABILITY = 0.75;
/** A page is back within some 100 ms. */
const LATEST_AFTER_MS = 120;
/** Half of the faults come without a pause. */
const PAUSE_PROBABILITY = 0.5;
const LATEST_END_MS = 400;
/** Most gateways go without a word; each third is stopped as for an upgrade. */
const KILLS: readonly ("SIGKILL" | "SIGTERM")[] = ["SIGKILL", "SIGKILL", "SIGTERM"];

/** In the order in which they are to come, over a way of `totalBytes`. */
export function planFaults(random: SeededRandom, totalBytes: number, counts: FaultCounts): Fault[] {
	const when = () => ({
		at: Math.floor(totalBytes * (FIRST_AT + random.next() * (LAST_AT - FIRST_AT))),
		isForLivePage: random.isTrue(LIVE_PROBABILITY),
		afterMs: random.isTrue(PAUSE_PROBABILITY) ? random.integer(0, LATEST_AFTER_MS) : 0,
	});
	const cut = (kind: "page-cut" | "link-cut"): Fault => ({ ...when(), kind, style: chooseStyle(random) });
	const kill = (number: number): Fault => ({
		...when(),
		kind: "kill",
		signal: KILLS[number % KILLS.length] ?? "SIGKILL",
	});
	return [
		...Array.from({ length: counts.cuts }, () => cut("page-cut")),
		...Array.from({ length: counts.linkCuts }, () => cut("link-cut")),
		...Array.from({ length: counts.kills }, (_, number) => kill(number)),
	].toSorted((one, other) => one.at - other.at);
}

function chooseStyle(random: SeededRandom): CutStyle {
	const kind = random.pick(["reset", "in-chunk", "in-chunk", "late"] as const);
	if (kind === "reset") return { kind };
	if (kind === "late") return { kind, lateMs: random.integer(0, LATEST_END_MS) };
	return { kind, way: random.pick<Way>(["up", "down"]), share: random.next() };
}
