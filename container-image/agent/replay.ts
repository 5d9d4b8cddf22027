/** A session's output as it can be read again: the newest bytes, and where and how to begin to read them. */
import { ReplayRing } from "./replay-ring.ts";
import { MAX_PREFACE_BYTES, ScreenModes } from "./screen-modes.ts";

/**
 * Where somebody begins who does not have what came before. `preface` is to be read in place of the output's own bytes
 * from `from` on: it brings a terminal into the state that the output behind it expects.
 */
export type EntryPoint = { from: number; preface: Buffer };

/** How far to look for the end of a line: entering there, no character or sequence is cut in two. */
const MAX_LOOK_BYTES = 4 * 1024;
const NOTHING = Buffer.alloc(0);
const LINE_FEED = 0x0a;

export class Replay {
	readonly #modes = new ScreenModes();
	readonly #ring: ReplayRing;

	/** `capacity` in bytes. */
	constructor(capacity: number) {
		this.#ring = new ReplayRing(capacity, (evicted) => this.#modes.feed(evicted));
	}

	get start(): number {
		return this.#ring.start;
	}

	get end(): number {
		return this.#ring.end;
	}

	append(bytes: Buffer): void {
		this.#ring.append(bytes);
	}

	/** As `ReplayRing.read`. */
	read(offset: number, max: number): Buffer {
		return this.#ring.read(offset, max);
	}

	trim(bytes: number): void {
		this.#ring.trim(bytes);
	}

	/** The oldest place from which the output can be shown rightly. */
	entryPoint(): EntryPoint {
		const { start, end } = this.#ring;
		if (start === 0 || end - start < MAX_PREFACE_BYTES) return { from: start, preface: NOTHING };
		const skipped = this.#skippedAt(start, end);
		const modes = this.#modes.clone();
		modes.feed(skipped);
		const preface = modes.toBytes();
		return { from: start + skipped.length - preface.length, preface };
	}

	/** Oldest bytes to leave out: room for a preface, and the rest of the line that they end in. */
	#skippedAt(start: number, end: number): Buffer {
		const oldest: Buffer[] = [];
		const until = Math.min(end, start + MAX_LOOK_BYTES);
		for (let at = start; at < until; ) {
			const piece = this.#ring.read(at, until - at);
			oldest.push(piece);
			at += piece.length;
		}
		const bytes = Buffer.concat(oldest);
		const lineEnd = bytes.indexOf(LINE_FEED, MAX_PREFACE_BYTES);
		return bytes.subarray(0, lineEnd === -1 ? MAX_PREFACE_BYTES : lineEnd + 1);
	}
}
