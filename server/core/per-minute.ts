/** Counts what happens by keys that strangers may choose, and forgets all of it each minute. */

const MINUTE_MS = 60_000;
/** Keys of one minute: beyond it each counts as often seen. A few MB. */
const MAX_KEYS = 10_000;

export class PerMinute {
	readonly #now: () => number;
	readonly #counts = new Map<string, number>();
	#minute = 0;

	/** `now`: Unix time, ms. */
	constructor(now: () => number = Date.now) {
		this.#now = now;
	}

	/** How often it has happened in this minute, with this time. */
	count(key: string): number {
		const minute = Math.floor(this.#now() / MINUTE_MS);
		if (minute !== this.#minute) this.#counts.clear();
		this.#minute = minute;
		const before = this.#counts.get(key);
		if (before === undefined && this.#counts.size >= MAX_KEYS) return Number.POSITIVE_INFINITY;
		const count = (before ?? 0) + 1;
		this.#counts.set(key, count);
		return count;
	}
}
