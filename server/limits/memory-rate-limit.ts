/** Counts in this process's memory: one gateway serves a pool, and after a restart everybody may begin anew. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { RateLimit } from "../core/rate-limit.ts";

/**
 * Points are counted over this long: a page that comes back asks for everything in one moment and then for nothing, and
 * only the average is to be bounded.
 */
const WINDOW_S = 10;

export class MemoryRateLimit implements RateLimit {
	readonly #limiter: RateLimiterMemory;

	constructor(pointsPerSecond: number) {
		this.#limiter = new RateLimiterMemory({ points: pointsPerSecond * WINDOW_S, duration: WINDOW_S });
	}

	async take(key: string, points = 1): Promise<number> {
		try {
			await this.#limiter.consume(key, points);
			return 0;
		} catch (refusal) {
			if (!(refusal instanceof RateLimiterRes)) throw refusal;
			return Math.max(1, Math.ceil(refusal.msBeforeNext));
		}
	}
}
