/** How long a page that was detached waits before it attaches again: not at all, unless it goes on happening. */
import { reconnectDelayMs } from "./back-off.ts";

/** An attachment that lasted for less was of no use. */
const SHORT_MS = 1_000;

export class ReattachPause {
	#attachedAt = Number.NEGATIVE_INFINITY;
	/** Attachments in a row that did not last. */
	#short = 0;

	/** `now` as of `performance.now()`. */
	attached(now: number): void {
		this.#attachedAt = now;
	}

	/** The attachment has ended: how long to wait, ms. */
	detached(now: number): number {
		this.#short = now - this.#attachedAt < SHORT_MS ? this.#short + 1 : 0;
		return this.#short === 0 ? 0 : reconnectDelayMs(this.#short);
	}
}
