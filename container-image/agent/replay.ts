/** A session's output as it can be read again: the newest bytes, and a snapshot of what all those before them drew. */
import { inflateRawSync } from "node:zlib";
import type { OutputSize, TerminalSize } from "../../server/protocol/session.ts";
import { ReplayRing } from "./replay-ring.ts";
import { Checkpoints } from "./screen/checkpoints.ts";
import type { SnapshotMaker } from "./screen/snapshot-job.ts";
import { SizeHistory } from "./size-history.ts";

/**
 * Where a reader begins. The bytes of `snapshot`, where there is one, stand in place of the output's own from `from` to
 * `snapshotEnd`: an empty terminal that reads them has the state to which all output before `snapshotEnd` leads.
 */
export type Entry = { from: number; snapshot: Buffer; snapshotEnd: number | null; sizes: OutputSize[] };

/**
 * What may still come in once the log is full: one chunk on its way when the terminal is paused, and the last words of
 * a program that has ended.
 */
const SLACK_BYTES = 128 * 1024;
/** An ended session's output up to this size is kept as it is: to draw it would save nothing. */
const SMALL_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export class Replay {
	readonly #ring: ReplayRing;
	readonly #sizes: SizeHistory;
	readonly #checkpoints: Checkpoints;

	/** `capacity` in bytes: the newest so many can always be read. `onRelieved`: `isFull` is false, and may not have been. */
	constructor(options: { capacity: number; size: TerminalSize; maker: SnapshotMaker; onRelieved(): void }) {
		const { capacity, size, maker, onRelieved } = options;
		this.#ring = new ReplayRing(capacity + SLACK_BYTES);
		this.#sizes = new SizeHistory(size);
		this.#checkpoints = new Checkpoints({ ring: this.#ring, sizes: this.#sizes, capacity, maker, onRelieved });
	}

	/** Offset of the oldest byte that a reader can go on from. */
	get start(): number {
		return this.#ring.start;
	}

	get end(): number {
		return this.#ring.end;
	}

	/** Size of the terminal, and since which byte of output. */
	get size(): OutputSize {
		return this.#sizes.newest;
	}

	/** There is as much output as can be kept behind the newest snapshot: no more is to be read until the next one. */
	get isFull(): boolean {
		return this.#checkpoints.isLogFull;
	}

	append(bytes: Buffer): void {
		this.#ring.append(bytes);
		this.#checkpoints.onOutput(bytes);
	}

	/** Output from here on is for a terminal of this size. */
	resized(size: TerminalSize): void {
		this.#sizes.add(this.end, size);
		this.#checkpoints.onResized(size);
	}

	/** Where a reader goes on who has everything before `from`; for null, or where that is gone, with a snapshot. */
	enter(from: number | null): Entry {
		if (from !== null && from >= this.start) {
			return { from, snapshot: NOTHING, snapshotEnd: null, sizes: this.#sizes.since(from) };
		}
		const { offset, snapshot } = this.#checkpoints.best;
		if (snapshot === null)
			return { from: offset, snapshot: NOTHING, snapshotEnd: null, sizes: this.#sizes.since(offset) };
		const bytes = inflateRawSync(snapshot.deflated, { maxOutputLength: snapshot.length });
		const start = offset - bytes.length;
		const [size, ...changes] = this.#sizes.since(offset);
		return { from: start, snapshot: bytes, snapshotEnd: offset, sizes: [{ ...size, offset: start }, ...changes] };
	}

	/** As `ReplayRing.read`. */
	read(offset: number, max: number): Buffer {
		return this.#ring.read(offset, max);
	}

	/** No more output will come, and nobody reads: keeps no more than the last snapshot. */
	async compact(): Promise<void> {
		if (this.#ring.size <= SMALL_BYTES) return;
		const offset = await this.#checkpoints.take();
		if (offset !== null) this.#ring.forget(offset);
	}

	/** No snapshot is made any more. */
	close(): void {
		this.#checkpoints.close();
	}
}
