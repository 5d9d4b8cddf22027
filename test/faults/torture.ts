/**
 * One session under fire: while a program prints, or is typed to, the page's connection, the link and the gateway break
 * again and again; whatever arrives must be what was sent, each byte once and in order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/seeded-random.ts";
import { type Fault, type FaultCounts, planFaults } from "./fault-plan.ts";
import { PageModel } from "./page-model.ts";
import { AfterStart } from "./program.ts";
import { Progress } from "./progress.ts";
import { ScreenModel } from "./screen-model.ts";
import type { Stage } from "./stage.ts";

/** What goes over the wire meanwhile. */
export type Workload = {
	/** Bytes of output that it will lead to. */
	readonly totalBytes: number;
	/** Command line, typed first. */
	readonly command: string;
	/** The next bytes of output; none at first, once the program runs. Throws where they are not what they should be. */
	read(bytes: Buffer): void;
	/** Where the output is, and infinity once all of it has come. */
	readonly position: number;
	/** Nothing far beyond this many bytes is to come before the next call: something is to break there. */
	limitTo(position: number): void;
};

export type TortureReport = { bytes: number; faults: number; attaches: number; seconds: number };

const PATIENCE_MS = 30_000;
const QUIET_MS = 200;

/**
 * Throws where a byte is lost, doubled or changed, where an attach did not resume, and where nothing moves any more;
 * with what the gateway said last.
 */
export async function torture(
	stage: Stage,
	random: SeededRandom,
	counts: FaultCounts,
	begin: (type: (text: string) => void) => Workload,
): Promise<TortureReport> {
	try {
		return await run(stage, random, counts, begin);
	} catch (cause) {
		throw new Error(`seed ${random.seed}; the gateway's last words:\n${stage.lastWords}`, { cause });
	}
}

async function run(
	stage: Stage,
	random: SeededRandom,
	counts: FaultCounts,
	begin: (type: (text: string) => void) => Workload,
): Promise<TortureReport> {
	const start = performance.now();
	const workload = begin((text) => page.type(text));
	const faults = planFaults(random, workload.totalBytes, counts);
	const progress = new Progress();
	const reader = new AfterStart((bytes) => {
		workload.read(bytes);
		progress.advanceTo(workload.position);
	});
	const screen = new ScreenModel(random.fork(), (bytes) => progress.attempt(() => reader.read(bytes)));
	using page = new PageModel({ base: stage.base, cookie: await stage.newCookie(), random, screen });
	await page.open();
	page.type(workload.command);
	await inflict({ stage, page, progress, faults, workload });
	await progress.reach(Number.POSITIVE_INFINITY, () => page.description);
	// Nothing may come behind the end.
	await sleep(QUIET_MS);
	await progress.reach(Number.POSITIVE_INFINITY, () => page.description);
	failWithProblems(page);
	await page.close();
	const seconds = (performance.now() - start) / 1000;
	return { bytes: workload.totalBytes, faults: faults.length, attaches: page.attaches.length, seconds };
}

type Run = {
	stage: Stage;
	page: PageModel;
	progress: Progress;
	faults: readonly Fault[];
	workload: Workload;
};

/** Lets the faults happen, each when it is due. */
async function inflict({ stage, page, progress, faults, workload }: Run): Promise<void> {
	for (const fault of faults) {
		workload.limitTo(fault.at);
		await progress.reach(fault.at, () => `${page.description} before ${JSON.stringify(fault)}`);
		if (fault.isForLivePage) await page.untilLive();
		await sleep(fault.afterMs);
		failWithProblems(page);
		await inflictOne(stage, fault);
	}
	workload.limitTo(Number.POSITIVE_INFINITY);
}

async function inflictOne(stage: Stage, fault: Fault): Promise<void> {
	if (fault.kind === "kill") await stage.killGateway(fault.signal);
	else if (fault.kind === "page-cut") await cutSomething(() => stage.cutPages(fault.style));
	else await cutSomething(() => stage.cutLinks(fault.style));
}

/** Where there is no connection just now, it waits for one: a cut is a cut. */
async function cutSomething(cut: () => Promise<number>): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	while ((await cut()) === 0) {
		if (performance.now() > deadline) throw new Error("there was no connection to cut");
		await sleep(1);
	}
}

function failWithProblems({ problems, attaches }: PageModel): void {
	if (problems.length > 0) throw new Error(problems.join("; "));
	for (const { asked, from, snapshotEnd } of attaches) {
		const isResumed = asked === null || (from === asked && snapshotEnd === null);
		if (!isResumed) throw new Error(`attached at ${from} (snapshot to ${snapshotEnd}) instead of ${asked}`);
	}
}
