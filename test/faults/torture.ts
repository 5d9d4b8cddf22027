/**
 * One session under fire: while a program prints, or is typed to, the page's connection, the link and the gateway break
 * again and again; whatever arrives must be what was sent, each byte once and in order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/seeded-random.ts";
import { type Fault, type FaultCounts, planFaults } from "./fault-plan.ts";
import { NumberedLines, PROGRAM, START_MARK } from "./numbered-lines.ts";
import { PageModel } from "./page-model.ts";
import { Progress } from "./progress.ts";
import type { Stage } from "./stage.ts";

export type TortureReport = { bytes: number; faults: number; attaches: number; seconds: number };

export type OutputTorture = FaultCounts & { bytes: number };

/**
 * How far the program may run ahead of the screen. More than the window for unacknowledged output, so that the
 * terminal is paused again and again; less than the default REPLAY_BUFFER, so that nothing may ever be lost.
 */
const AHEAD_BYTES = 768 * 1024;
const PERMIT_EVERY_BYTES = 64 * 1024;
const PATIENCE_MS = 30_000;
const QUIET_MS = 200;

/** Throws where a byte is lost, doubled or changed, where an attach did not resume, and where nothing moves any more. */
export async function tortureOutput(
	stage: Stage,
	random: SeededRandom,
	{ bytes, ...counts }: OutputTorture,
): Promise<TortureReport> {
	const start = performance.now();
	const faults = planFaults(random, bytes, counts);
	const progress = new Progress();
	const permits = new Permits((permit) => page.type(`${permit}\n`));
	const reader = new OutputReader(bytes, progress, permits);
	const cookie = await stage.newCookie();
	using page = new PageModel({ base: stage.base, cookie, random, onParsed: (chunk) => reader.read(chunk) });
	await page.open();
	page.type(startOf(PROGRAM, bytes, AHEAD_BYTES));
	await inflict(stage, page, progress, faults, (at) => permits.limitTo(at));
	await progress.reach(Number.POSITIVE_INFINITY, () => page.description);
	// Nothing may come behind the end.
	await sleep(QUIET_MS);
	await progress.reach(Number.POSITIVE_INFINITY, () => page.description);
	failWithProblems(page);
	await page.close();
	const seconds = (performance.now() - start) / 1000;
	return { bytes: reader.position, faults: faults.length, attaches: page.attaches, seconds };
}

/** Tells the program how much of it is on the screen, but no more than there may be until the next fault has come. */
class Permits {
	readonly #tell: (permit: number) => void;
	#told = 0;
	#parsed = 0;
	#limit = 0;

	constructor(tell: (permit: number) => void) {
		this.#tell = tell;
	}

	parsed(offset: number): void {
		this.#parsed = offset;
		this.#update();
	}

	limitTo(offset: number): void {
		this.#limit = offset;
		this.#update();
	}

	#update(): void {
		const permit = Math.min(this.#parsed, this.#limit);
		if (permit - this.#told < PERMIT_EVERY_BYTES && (permit <= this.#told || permit < this.#limit)) return;
		this.#told = permit;
		this.#tell(permit);
	}
}

/** Compares what is printed with what should be. */
class OutputReader {
	readonly #expected: NumberedLines;
	readonly #progress: Progress;
	readonly #permits: Permits;
	#beforeStart = "";
	#hasStarted = false;
	/** Bytes of the program that were as expected. */
	position = 0;

	constructor(bytes: number, progress: Progress, permits: Permits) {
		this.#expected = new NumberedLines(bytes);
		this.#progress = progress;
		this.#permits = permits;
	}

	read(chunk: Uint8Array): void {
		if (this.#hasStarted) this.#compare(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
		else this.#awaitStart(chunk);
	}

	#awaitStart(chunk: Uint8Array): void {
		this.#beforeStart += Buffer.from(chunk).toString("latin1");
		const at = this.#beforeStart.indexOf(START_MARK);
		if (at === -1) return;
		this.#hasStarted = true;
		this.#compare(Buffer.from(this.#beforeStart.slice(at + START_MARK.length), "latin1"));
	}

	#compare(chunk: Buffer): void {
		const expected = this.#expected.take(chunk.length);
		if (!chunk.equals(expected)) this.#progress.fail(differenceOf(chunk, expected, this.position));
		this.position += chunk.length;
		this.#progress.advanceTo(this.#expected.hasEnded ? Number.POSITIVE_INFINITY : this.position);
		this.#permits.parsed(this.position);
	}
}

const EXCERPT_BYTES = 160;

export function differenceOf(actual: Buffer, expected: Buffer, offset: number): Error {
	let at = 0;
	while (at < actual.length && actual[at] === expected[at]) at += 1;
	const excerpt = (bytes: Buffer): string => JSON.stringify(bytes.subarray(at, at + EXCERPT_BYTES).toString("utf8"));
	return new Error(`at byte ${offset + at} came ${excerpt(actual)} instead of ${excerpt(expected)}`);
}

/** A command line that puts `program` in the shell's place. */
export function startOf(program: string, ...args: (number | string)[]): string {
	const encoded = Buffer.from(program).toString("base64");
	return `exec python3 -c "$(base64 -d <<< ${encoded})" ${args.join(" ")}\r`;
}

/** Lets the faults happen, each when it is due. `onNext` hears when the next one will be: infinity after the last. */
export async function inflict(
	stage: Stage,
	page: PageModel,
	progress: Progress,
	faults: readonly Fault[],
	onNext: (at: number) => void = () => {},
): Promise<void> {
	for (const fault of faults) {
		onNext(fault.at);
		await progress.reach(fault.at, () => `${page.description} before ${JSON.stringify(fault)}`);
		if (fault.isForLivePage) await page.untilLive();
		await sleep(fault.afterMs);
		failWithProblems(page);
		if (fault.kind === "kill") await stage.killGateway();
		else
			await cutSomething(() => (fault.kind === "page-cut" ? stage.cutPages(fault.style) : stage.cutLinks(fault.style)));
	}
	onNext(Number.POSITIVE_INFINITY);
}

/** Where there is no connection just now, it waits for one: a cut is a cut. */
async function cutSomething(cut: () => Promise<number>): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	while ((await cut()) === 0) {
		if (performance.now() > deadline) throw new Error("there was no connection to cut");
		await sleep(1);
	}
}

export function failWithProblems(page: PageModel): void {
	if (page.problems.length > 0) throw new Error(page.problems.join("; "));
}
