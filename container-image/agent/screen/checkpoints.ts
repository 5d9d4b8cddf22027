/**
 * Keeps a snapshot of the terminal that is never far behind the end of the output, so that a reader who comes anew
 * needs only that and the *log*: the output since.
 *
 * A checkpoint is taken when the log has grown to half of what the replay ring keeps. Drawing output costs several times
 * what it costs to pass it on, so that is left out where it can be: of output that merely scrolls by, a place
 * in the log with enough lines behind it will do, and nothing is drawn at all. Everything else is drawn in a process of
 * its own while the session goes on. Only where that cannot keep up with a full-screen flood does the program wait
 * for it.
 *
 * Invariant: the log is always in the ring, as it never grows beyond the ring's capacity: the terminal is paused
 * while `isLogFull`.
 */

import { deflateRawSync } from "node:zlib";
import type { TerminalSize } from "../../../server/protocol/session.ts";
import type { ReplayRing } from "../replay-ring.ts";
import type { SizeHistory } from "../size-history.ts";
import { OutputScan, type PlainEntry } from "./output-scan.ts";
import {
	type JobPart,
	MAX_SNAPSHOT_BYTES,
	SCROLLBACK_LINES,
	type Snapshot,
	type SnapshotJob,
	type SnapshotMaker,
} from "./snapshot-job.ts";

/** State after all output before `offset`, and before any change of size there; without a snapshot the terminal was empty. */
export type Checkpoint = { offset: number; snapshot: Snapshot | null };

export type CheckpointsOptions = {
	ring: ReplayRing;
	sizes: SizeHistory;
	/** Longest log, bytes. */
	capacity: number;
	maker: SnapshotMaker;
	/** The log is not full, whether it was or not. */
	onRelieved(): void;
};

/** Lengths of the log as shares of its capacity: from here on it is looked for a way to shorten it; … */
const DUE = 1 / 2;
/** … fewer lines will do, as whoever prints so fast overtakes any drawing; … */
const HURRIED = 3 / 4;
/** … and drawing is tried again, although it was overtaken a moment ago. */
const URGENT = 7 / 8;
/** Lines above the screen for somebody who comes amid a flood. */
const FLOOD_LINES = 1_000;
/** Whoever begins so far behind the ring's start is not overtaken by it at once. */
const MARGIN_BYTES = 256 * 1024;
/** After a drawing was overtaken, none is begun for so long. */
const REST_MS = 1_000;
/** What cannot be drawn in time is not tried again for so long: others wait for the same process. */
const FAILED_REST_MS = 30_000;
/** How much output comes between two looks at a log that is due. */
const LOOK_BYTES = 16 * 1024;

export class Checkpoints {
	readonly #options: CheckpointsOptions;
	readonly #scan: OutputScan;
	#newest: Checkpoint = { offset: 0, snapshot: null };
	/** The newest has fewer lines behind it than a page keeps. */
	#isShort = false;
	#drawing: AbortController | null = null;
	#nextLookAt: number;
	#restUntil = 0;
	/** The last drawing failed. */
	#hasFailed = false;

	constructor(options: CheckpointsOptions) {
		this.#options = options;
		this.#scan = new OutputScan(options.sizes.newest);
		this.#nextLookAt = this.#dueAt;
	}

	/** Where a reader begins who has nothing. After a flood the ring holds more of it than the newest checkpoint. */
	get best(): Checkpoint {
		const start = this.#options.ring.start + MARGIN_BYTES;
		const entry = this.#isShort
			? (this.#scan.entryFor(SCROLLBACK_LINES, start) ?? this.#scan.oldestEntry(start))
			: null;
		return entry === null || entry.offset >= this.#newest.offset ? this.#newest : this.#checkpointAt(entry);
	}

	get isLogFull(): boolean {
		return this.#log >= this.#options.capacity;
	}

	onOutput(bytes: Buffer): void {
		this.#scan.feed(bytes);
		const { end, start } = this.#options.ring;
		if (end < this.#nextLookAt) return;
		const fullAt = this.#newest.offset + this.#options.capacity;
		this.#nextLookAt = end < fullAt ? Math.min(end + LOOK_BYTES, fullAt) : end;
		if (start > this.#newest.offset) this.#guess();
		else this.#look();
	}

	onResized(size: TerminalSize): void {
		this.#scan.resized(size);
	}

	/** Takes a checkpoint at the end of the output, and returns where that is; null where it fails. */
	async take(): Promise<number | null> {
		return (await this.#draw()) === "done" ? this.#newest.offset : null;
	}

	close(): void {
		this.#drawing?.abort();
	}

	/** Bytes of output since the newest checkpoint. */
	get #log(): number {
		return this.#options.ring.end - this.#newest.offset;
	}

	get #dueAt(): number {
		return this.#newest.offset + this.#options.capacity * DUE;
	}

	/** The log is due. */
	#look(): void {
		const share = this.#log / this.#options.capacity;
		if (this.#skipTo(SCROLLBACK_LINES)) return;
		if (share >= HURRIED && this.#skipTo(FLOOD_LINES)) {
			this.#isShort = true;
			this.#restUntil = performance.now() + REST_MS;
			return;
		}
		if (this.#drawing !== null) return;
		const isRested = performance.now() >= this.#restUntil;
		if (isRested || (share >= URGENT && !this.#hasFailed)) void this.#drawOrGuess();
		else if (this.isLogFull) this.#guess();
	}

	/** Makes a place in the log the checkpoint from which the output looks the same on an empty screen. */
	#skipTo(rows: number): boolean {
		const entry = this.#scan.entryFor(rows, this.#newest.offset + 1);
		if (entry === null) return false;
		this.#enter(this.#checkpointAt(entry));
		return true;
	}

	#checkpointAt({ offset, colours }: PlainEntry): Checkpoint {
		return { offset, snapshot: snapshotOf(this.#scan.modes.toSequences() + colours) };
	}

	async #drawOrGuess(): Promise<void> {
		const result = await this.#draw();
		if (result === "done") this.#hasFailed = false;
		if (result !== "failed") return;
		this.#hasFailed = true;
		this.#restUntil = performance.now() + FAILED_REST_MS;
		if (this.isLogFull) this.#guess();
	}

	async #draw(): Promise<"done" | "failed" | "overtaken"> {
		this.#enter(this.best);
		const until = this.#scan.groundOffset;
		if (until <= this.#newest.offset) return "failed";
		const drawing = new AbortController();
		this.#drawing = drawing;
		const snapshot = await this.#options.maker.make(this.#describeJob(until), drawing.signal);
		if (drawing.signal.aborted) return "overtaken";
		this.#drawing = null;
		if (snapshot === null) return "failed";
		this.#enter({ offset: until, snapshot });
		return "done";
	}

	#describeJob(until: number): SnapshotJob {
		const { offset, snapshot } = this.#newest;
		const [{ cols, rows }] = this.#options.sizes.since(offset);
		return {
			size: { cols, rows },
			earlier: snapshot,
			parts: this.#partsUntil(until),
			// It is told as if it stood in the output's own place.
			maxBytes: Math.min(MAX_SNAPSHOT_BYTES, until),
			ending: this.#endingAt(until),
		};
	}

	#partsUntil(until: number): JobPart[] {
		const { ring, sizes } = this.#options;
		const parts: JobPart[] = [];
		let at = this.#newest.offset;
		for (const { offset, cols, rows } of sizes.since(at).slice(1)) {
			if (offset >= until) break;
			parts.push({ bytes: ring.copy(at, offset) }, { size: { cols, rows } });
			at = offset;
		}
		return [...parts, { bytes: ring.copy(at, until) }];
	}

	/** Within a string that goes on behind `until`, what comes is still to be read as a string. */
	#endingAt(until: number): string {
		const { openString } = this.#scan;
		if (openString === null || until < this.#options.ring.end) return "";
		return openString === "]" ? "\x1b]" : "\x1bX";
	}

	/** Where drawing has failed: the modes are known, the screen begins empty. */
	#guess(): void {
		this.#enter({ offset: this.#scan.groundOffset, snapshot: snapshotOf(this.#scan.modes.toGuess()) });
	}

	#enter(checkpoint: Checkpoint): void {
		this.#drawing?.abort();
		this.#drawing = null;
		this.#newest = checkpoint;
		this.#isShort = false;
		this.#scan.forget(this.#options.ring.start);
		this.#nextLookAt = this.#dueAt;
		if (!this.isLogFull) this.#options.onRelieved();
	}
}

function snapshotOf(sequences: string): Snapshot {
	const bytes = Buffer.from(sequences);
	return { deflated: deflateRawSync(bytes), length: bytes.length };
}
