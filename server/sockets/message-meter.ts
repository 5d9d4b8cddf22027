/**
 * Bounds what the gateway reads from one user, in messages and bytes. It is asked for each key that is pressed and for
 * each acknowledgement, so that it is two subtractions: the clock is only looked at when the burst is used up.
 */

/**
 * Each costs the gateway some 10 µs: this is a tenth of a core. Pages send one acknowledgement for each message of
 * output at most, which are 2,500 a second at 40 MB/s, and 1,000 for a fast mouse.
 */
const MESSAGES_PER_SECOND = 10_000;
/**
 * What passes before the clock is looked at, and what was earned by then at most: twice as much may come in one moment. A
 * page that waited long sends all that was typed meanwhile.
 */
const MESSAGE_BURST = MESSAGES_PER_SECOND;
/** No terminal takes a paste as fast as this. */
const BYTES_PER_SECOND = 16 * 1024 * 1024;
const BYTE_BURST = BYTES_PER_SECOND;
/** Reading begins again with some room, not with one message's. */
const LEAST_PAUSE_MS = 20;

export class MessageMeter {
	readonly #now: () => number;
	/** What may be read before the clock is looked at. Negative: was read already, and is waited for. */
	#messages = MESSAGE_BURST;
	#bytes = BYTE_BURST;
	#refilledAt: number;

	/** `now` as of `performance.now()`. */
	constructor(now: () => number = () => performance.now()) {
		this.#now = now;
		this.#refilledAt = now();
	}

	/** Counts a message, or what costs as much. Returns for how long nothing is to be read, ms; 0 nearly always. */
	take(bytes: number, messages = 1): number {
		this.#messages -= messages;
		this.#bytes -= bytes;
		return this.#messages >= 0 && this.#bytes >= 0 ? 0 : this.#refill();
	}

	#refill(): number {
		const now = this.#now();
		const seconds = (now - this.#refilledAt) / 1000;
		this.#refilledAt = now;
		this.#messages = Math.min(MESSAGE_BURST, this.#messages + seconds * MESSAGES_PER_SECOND);
		this.#bytes = Math.min(BYTE_BURST, this.#bytes + seconds * BYTES_PER_SECOND);
		const missingSeconds = Math.max(-this.#messages / MESSAGES_PER_SECOND, -this.#bytes / BYTES_PER_SECOND);
		return missingSeconds <= 0 ? 0 : Math.max(LEAST_PAUSE_MS, missingSeconds * 1000);
	}
}
