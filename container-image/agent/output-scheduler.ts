/**
 * Shares one link among its attachments. Nothing is queued here but the names of those that have output: bytes stay in
 * the rings until the link can take them, so a page that falls behind costs no memory on the link.
 *
 * - Output after a pause goes out at once; what follows within `COALESCE_MS` is collected.
 * - Attachments take turns, `CHUNK_BYTES` each: a keystroke's echo waits for no more than one chunk of each flooding
 *   session, and for what the link has buffered already.
 * - While somebody types, others send one chunk per `COALESCE_MS` at most, as much as a screen can draw: a flood at full
 *   speed keeps every process from its program to its page busy, and each key would wait for all of them.
 */
import type { Attachment } from "./attachment.ts";

/** Small enough to make turns short, large enough to make the cost of a frame vanish. */
export const CHUNK_BYTES = 16 * 1024;
/** Output waiting inside the link's socket. Beyond the kernel's own buffer, this is what an echo has before it. */
export const LINK_BUFFER_BYTES = 64 * 1024;
/** Well below what an eye can see, and at most 500 frames a second per session. */
const COALESCE_MS = 2;
/** One pump sends this much at most, then lets input and credits be read. */
const PUMP_BYTES = 256 * 1024;
/** After a key, for how long the others' floods are slowed down: people type at intervals of 100 to 300 ms. */
const TYPING_MS = 500;

/** The link's side. */
export interface OutputPipe {
	/** Bytes written that the kernel has not taken. */
	readonly bufferedBytes: number;
	send(attachment: Attachment, offset: number, bytes: Buffer): void;
}

export class OutputScheduler {
	readonly #pipe: OutputPipe;
	/** In the order of their turns. */
	readonly #ready = new Set<Attachment>();
	readonly #collecting = new Set<Attachment>();
	#collectTimer: NodeJS.Timeout | undefined;
	#nextPump: NodeJS.Immediate | undefined;
	/** Who typed last, and when, as of `performance.now()`. */
	#typist: Attachment | null = null;
	#typedAt = Number.NEGATIVE_INFINITY;

	constructor(pipe: OutputPipe) {
		this.#pipe = pipe;
	}

	/** The attachment has output to send. */
	add(attachment: Attachment): void {
		if (this.#ready.has(attachment)) return;
		const isIdle = performance.now() - attachment.lastSentAt >= COALESCE_MS;
		if (!isIdle && !this.#mayFlood(attachment)) {
			this.#collect(attachment);
			return;
		}
		this.#collecting.delete(attachment);
		this.#ready.add(attachment);
		this.pump();
	}

	/** The page of this attachment has sent input. */
	typed(attachment: Attachment): void {
		this.#typist = attachment;
		this.#typedAt = performance.now();
	}

	remove(attachment: Attachment): void {
		this.#ready.delete(attachment);
		this.#collecting.delete(attachment);
		if (this.#typist === attachment) this.#typist = null;
	}

	/** Sends what the link can take now. To be called whenever it has taken something. */
	pump(): void {
		let budget = PUMP_BYTES;
		for (const attachment of this.#ready) {
			if (this.#pipe.bufferedBytes >= LINK_BUFFER_BYTES) return;
			if (budget <= 0) {
				this.#nextPump ??= setImmediate(() => this.#pumpAgain());
				return;
			}
			// Taken out and put back behind the others: a set is walked in the order of insertion.
			this.#ready.delete(attachment);
			budget -= this.#sendOne(attachment);
		}
	}

	/** Stops all timers; nothing is sent any more. */
	close(): void {
		clearTimeout(this.#collectTimer);
		clearImmediate(this.#nextPump);
		this.#ready.clear();
		this.#collecting.clear();
	}

	#sendOne(attachment: Attachment): number {
		const taken = attachment.take(CHUNK_BYTES);
		if (taken === null) return 0;
		attachment.lastSentAt = performance.now();
		const length = taken.bytes.length;
		this.#pipe.send(attachment, taken.offset, taken.bytes);
		if (this.#mayFlood(attachment)) this.#ready.add(attachment);
		else if (attachment.pending > 0) this.#collect(attachment);
		return length;
	}

	/** Whether its next chunk need not wait for the end of the collecting time. */
	#mayFlood(attachment: Attachment): boolean {
		if (attachment.pending < CHUNK_BYTES) return false;
		return attachment === this.#typist || performance.now() - this.#typedAt > TYPING_MS;
	}

	#collect(attachment: Attachment): void {
		this.#collecting.add(attachment);
		this.#collectTimer ??= setTimeout(() => {
			this.#collectTimer = undefined;
			for (const waiting of this.#collecting) this.#ready.add(waiting);
			this.#collecting.clear();
			this.pump();
		}, COALESCE_MS);
	}

	#pumpAgain(): void {
		this.#nextPump = undefined;
		this.pump();
	}
}
