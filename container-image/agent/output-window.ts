/**
 * Backpressure of output, as arithmetic: no I/O, no timers.
 *
 * Each reader of a session has an `OutputWindow`. The bytes between the last credit and the end of the session's output
 * are the reader's *lag*: they are in the ring, on the link, in the gateway, on the network or in the page's parser.
 *
 * Invariants:
 * 1. Of a reader's lag, at most `limit` bytes have been sent (`inFlight ≤ limit`).
 * 2. The PTY is paused while *every* reader's lag is at least `highWater`: the fastest reader decides, and a reader that
 *    stopped costs only itself. `highWater` is no more than the window, and no more than half the ring: so the
 *    fastest reader's bytes are never overwritten before they were sent, also when the chunk that was on its way when
 *    the PTY was paused comes in.
 * 3. The PTY goes on once some reader's lag is at most `lowWater`, half of it: pausing and resuming cost a system
 *    call each, and should not happen for every credit.
 */
export class OutputWindow {
	readonly #limit: number;
	#sent: number;
	#credited: number;
	/** A reader that has everything before `from`. */
	constructor(from: number, limit: number) {
		this.#sent = from;
		this.#credited = from;
		this.#limit = limit;
	}

	/** Offset of the next byte to send. */
	get position(): number {
		return this.#sent;
	}

	/** Bytes sent that no credit has come for. */
	get inFlight(): number {
		return this.#sent - this.#credited;
	}

	/** Bytes that may be sent now. */
	get room(): number {
		return this.#limit - this.inFlight;
	}

	/** Bytes of output up to `end` that the reader has not parsed yet. */
	lag(end: number): number {
		return end - this.#credited;
	}

	advance(bytes: number): void {
		this.#sent += bytes;
	}

	/**
	 * The reader has parsed everything before `offset`. Credits that go back say nothing new: they come when a reader
	 * resumes behind what an earlier link had sent. False where it claims more than was sent.
	 */
	credit(offset: number): boolean {
		if (offset > this.#sent) return false;
		this.#credited = Math.max(this.#credited, offset);
		return true;
	}
}

/** When the PTY is to be read, by the invariants above. */
export class FlowGate {
	readonly highWater: number;
	readonly lowWater: number;
	#isOpen = true;

	/** Both in bytes. */
	constructor(limits: { window: number; ring: number }) {
		this.highWater = Math.min(limits.window, Math.floor(limits.ring / 2));
		this.lowWater = Math.floor(this.highWater / 2);
	}

	/** `lags` of all readers now. With none, output goes into the ring alone and nothing waits. */
	isOpenFor(lags: number[]): boolean {
		const least = Math.min(...lags);
		if (lags.length === 0 || least <= this.lowWater) this.#isOpen = true;
		else if (least >= this.highWater) this.#isOpen = false;
		return this.#isOpen;
	}
}
