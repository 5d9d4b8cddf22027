/**
 * Output of one session on its way to the screen, by absolute offsets: bytes that come twice are left out, the terminal
 * has the right size for each byte, and what it has parsed is acknowledged, all but a short tail, which lets more come.
 *
 * What waits here is bounded: nobody sends more than the output window beyond what was acknowledged.
 */
import { OUTPUT_ACK_BYTES, OUTPUT_TAIL_BYTES } from "../../server/protocol/limits.ts";
import type { OutputSize, TerminalSize } from "../../server/protocol/session.ts";
import type { Attached } from "../../server/protocol/terminal.ts";
import { OutputSizes } from "./output-sizes.ts";

export type OutputSink = {
	/** Parses bytes, then calls `onParsed`. */
	write(bytes: Uint8Array, onParsed: () => void): void;
	/** Empties the terminal once everything before is parsed, then calls `onDone`. */
	reset(onDone: () => void): void;
	/** The terminal has parsed all before, and takes this size for what comes next. */
	resize(size: TerminalSize): void;
	/** Everything before `offset` has been parsed. */
	acknowledge(offset: number): void;
	/** What came does not follow what came before: nothing more is taken until the next attachment. */
	onFault(): void;
};

export type OutputEntry = Pick<Attached, "from" | "snapshotEnd" | "sizes"> & {
	/** Output before this offset is old: whatever it asks the terminal was answered long ago. */
	replayEnd: number;
};

export class OutputStream {
	readonly #sink: OutputSink;
	readonly #sizes = new OutputSizes();
	/** Offset behind the last byte taken. */
	#received = 0;
	/** Offset behind the last byte handed to the sink. */
	#written = 0;
	#parsed = 0;
	#acknowledged = 0;
	#replayEnd = 0;
	/** From here on the screen is what the output has drawn; infinite where it never will be. */
	#snapshotEnd = 0;
	/** Bytes from `#written` to `#received`: they wait for the terminal to be emptied or to take another size. */
	#held: Uint8Array[] = [];
	#hasBegun = false;
	#isAttached = false;
	#isResetting = false;
	/** Raised with each restart, so that what was under way then no longer counts. */
	#epoch = 0;
	#waiting: { offset: number; resolve: () => void }[] = [];

	constructor(sink: OutputSink) {
		this.#sink = sink;
	}

	/** Where to resume: all before it is on the screen. Null where there is nothing yet, or a part of a snapshot. */
	get resumeFrom(): number | null {
		return this.#hasBegun && this.#parsed >= this.#snapshotEnd ? this.#parsed : null;
	}

	get isReplaying(): boolean {
		return this.#isResetting || this.#parsed < this.#replayEnd;
	}

	/** Size of the session's terminal as far as is known; output for it may be still to come. */
	get newestSize(): TerminalSize | null {
		return this.#sizes.newest;
	}

	/** What comes from now on is of an attachment that has ended. */
	pause(): void {
		this.#isAttached = false;
	}

	/** An attachment was asked for: news of sizes from here on may be later than its answer. */
	expect(): void {
		this.pause();
		this.#sizes.expect();
	}

	/** Attached: output comes from `entry.from` on. False where it does not follow what is here. */
	attach({ from, replayEnd, sizes, snapshotEnd }: OutputEntry): boolean {
		const isResumed = snapshotEnd === null && this.resumeFrom !== null;
		if (isResumed && from > this.#received) {
			this.invalidate();
			return false;
		}
		this.#isAttached = true;
		this.#replayEnd = replayEnd;
		if (!isResumed) this.#beginAt(from, snapshotEnd);
		this.#sizes.attach(sizes);
		this.#pump();
		return true;
	}

	/** The screen is not what the output has drawn: the next attachment begins from nothing. */
	invalidate(): void {
		this.pause();
		this.#snapshotEnd = Number.POSITIVE_INFINITY;
	}

	/** Another session begins, on the same screen. */
	restart(): void {
		this.#forget(0);
		this.pause();
		this.#hasBegun = false;
		this.#isResetting = false;
		this.#replayEnd = 0;
		this.#snapshotEnd = 0;
		this.#sizes.clear();
		for (const { resolve } of this.#waiting.splice(0)) resolve();
	}

	/** The terminal has this size from `size.offset` on. */
	resized(size: OutputSize): void {
		if (this.#sizes.add(size, this.#isAttached)) this.#pump();
	}

	receive(offset: number, bytes: Uint8Array): void {
		if (!this.#isAttached) return;
		if (offset > this.#received) {
			this.pause();
			this.#sink.onFault();
			return;
		}
		const fresh = bytes.subarray(this.#received - offset);
		if (fresh.length === 0) return;
		this.#received += fresh.length;
		this.#held.push(fresh);
		this.#pump();
	}

	/** Resolves once everything before `offset` is on the screen, or will never be: the stream was restarted. */
	async untilParsed(offset: number = this.#received): Promise<void> {
		if (offset <= this.#parsed) return;
		await new Promise<void>((resolve) => this.#waiting.push({ offset, resolve }));
	}

	/** From nothing, or from a snapshot whose bytes stand in the place of older output: offsets may go back. */
	#beginAt(from: number, snapshotEnd: number | null): void {
		const isEmpty = !this.#hasBegun && snapshotEnd === null;
		this.#forget(from);
		this.#hasBegun = true;
		this.#snapshotEnd = snapshotEnd ?? from;
		if (isEmpty) return;
		this.#isResetting = true;
		const epoch = this.#epoch;
		this.#sink.reset(() => {
			if (epoch !== this.#epoch) return;
			this.#isResetting = false;
			this.#pump();
		});
	}

	#forget(offset: number): void {
		this.#epoch += 1;
		this.#held = [];
		this.#received = offset;
		this.#written = offset;
		this.#parsed = offset;
		this.#acknowledged = offset;
	}

	/** Hands on all that may be parsed at the size that the terminal has now. */
	#pump(): void {
		while (!this.#isResetting && this.#takeSize()) {
			const bytes = this.#takeHeld();
			if (bytes === null) return;
			this.#write(bytes);
		}
	}

	/** False while a size waits for what is to be parsed before it. */
	#takeSize(): boolean {
		if (!this.#sizes.isDue(this.#written)) return true;
		if (this.#parsed < this.#written) return false;
		const size = this.#sizes.take(this.#written);
		if (size !== null) this.#sink.resize(size);
		return true;
	}

	/** The next bytes that belong together: up to another size, and nothing old and new in one go. */
	#takeHeld(): Uint8Array | null {
		const [first] = this.#held;
		if (first === undefined) return null;
		const limits = [this.#sizes.nextOffset, this.#replayEnd, this.#snapshotEnd].filter((at) => at > this.#written);
		const length = Math.min(first.length, ...limits.map((limit) => limit - this.#written));
		if (length === first.length) this.#held.shift();
		else this.#held[0] = first.subarray(length);
		return first.subarray(0, length);
	}

	#write(bytes: Uint8Array): void {
		this.#written += bytes.length;
		const end = this.#written;
		const epoch = this.#epoch;
		this.#sink.write(bytes, () => {
			if (epoch === this.#epoch) this.#onParsed(end);
		});
	}

	#onParsed(end: number): void {
		this.#parsed = end;
		const isReached = (waiting: { offset: number }): boolean => waiting.offset <= end;
		const reached = this.#waiting.filter(isReached);
		this.#waiting = this.#waiting.filter((waiting) => !isReached(waiting));
		for (const { resolve } of reached) resolve();
		const owed = end - this.#acknowledged;
		if (owed >= (end === this.#received ? OUTPUT_TAIL_BYTES : OUTPUT_ACK_BYTES)) {
			this.#acknowledged = end;
			this.#sink.acknowledge(end);
		}
		this.#pump();
	}
}
