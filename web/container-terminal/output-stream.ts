/**
 * Output of one session on its way to the screen, by absolute offsets: bytes that come twice are left out, bytes that
 * are missing are noticed, and what the terminal has parsed is acknowledged, which lets more come.
 */
import { OUTPUT_ACK_BYTES } from "../../server/protocol/limits.ts";

export type OutputSink = {
	/** Parses bytes, then calls `onParsed`. */
	write(bytes: Uint8Array, onParsed: () => void): void;
	/** So many bytes are gone for good; called before what follows them is written. */
	onGap(missing: number): void;
	/** Everything before `offset` has been parsed. */
	acknowledge(offset: number): void;
};

export class OutputStream {
	readonly #sink: OutputSink;
	/** Offset behind the last byte handed to the sink. */
	#written = 0;
	#parsed = 0;
	#acknowledged = 0;
	/** Output before this offset is a replay: whatever it asks the terminal was answered long ago. */
	#replayEnd = 0;
	#hasBegun = false;
	/** Raised with each restart, so that what was under way then no longer counts. */
	#epoch = 0;
	#waiting: { offset: number; resolve: () => void }[] = [];

	constructor(sink: OutputSink) {
		this.#sink = sink;
	}

	/** Where to resume: everything before it is on the screen. Null where there is nothing yet. */
	get resumeFrom(): number | null {
		return this.#hasBegun ? this.#parsed : null;
	}

	get isReplaying(): boolean {
		return this.#parsed < this.#replayEnd;
	}

	/** Attached: output comes from `from` on, and what lies before `replayEnd` is old. */
	attach(from: number, replayEnd: number): void {
		this.#replayEnd = replayEnd;
		if (this.#hasBegun) {
			if (from > this.#written) this.#skipTo(from);
			return;
		}
		// A fresh page begins where the replay does: it misses nothing that it ever had.
		this.#hasBegun = true;
		this.#written = from;
		this.#acknowledged = from;
		this.#reach(from);
	}

	/** Another session begins on the same screen. */
	restart(): void {
		this.#epoch += 1;
		this.#hasBegun = false;
		this.#written = 0;
		this.#parsed = 0;
		this.#acknowledged = 0;
		this.#replayEnd = 0;
		for (const { resolve } of this.#waiting.splice(0)) resolve();
	}

	receive(offset: number, bytes: Uint8Array): void {
		if (offset > this.#written) this.#skipTo(offset);
		const fresh = bytes.subarray(this.#written - offset);
		if (fresh.length === 0) return;
		// Cut where the replay ends, so that what is old and what is new are never parsed in one go.
		const old = Math.min(fresh.length, Math.max(0, this.#replayEnd - this.#written));
		if (old > 0) this.#write(fresh.subarray(0, old));
		if (old < fresh.length) this.#write(fresh.subarray(old));
	}

	/** Resolves once everything before `offset` is on the screen, or will never be: the stream was restarted. */
	async untilParsed(offset: number = this.#written): Promise<void> {
		if (offset <= this.#parsed) return;
		await new Promise<void>((resolve) => this.#waiting.push({ offset, resolve }));
	}

	#write(bytes: Uint8Array): void {
		this.#written += bytes.length;
		const end = this.#written;
		const epoch = this.#epoch;
		this.#sink.write(bytes, () => {
			if (epoch === this.#epoch) this.#onParsed(end);
		});
	}

	#skipTo(offset: number): void {
		const isDry = this.#parsed === this.#written;
		this.#sink.onGap(offset - this.#written);
		this.#written = offset;
		if (isDry) this.#reach(offset);
	}

	#onParsed(end: number): void {
		this.#reach(end);
		const isDry = end === this.#written;
		if (!isDry && end - this.#acknowledged < OUTPUT_ACK_BYTES) return;
		this.#acknowledged = end;
		this.#sink.acknowledge(end);
	}

	#reach(offset: number): void {
		this.#parsed = offset;
		const isReached = (waiting: { offset: number }): boolean => waiting.offset <= offset;
		const reached = this.#waiting.filter(isReached);
		this.#waiting = this.#waiting.filter((waiting) => !isReached(waiting));
		for (const { resolve } of reached) resolve();
	}
}
