/** Counts attempts in this process's memory. A key lives as long as its window; who is refused before makes none. */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { AttemptCount, AttemptLimit } from "../core/sign-in-attempts.ts";

export class MemoryAttemptLimit implements AttemptLimit {
	readonly #limiter: RateLimiterMemory;

	constructor({ attempts, durationMs }: { attempts: number; durationMs: number }) {
		this.#limiter = new RateLimiterMemory({ points: attempts, duration: durationMs / 1000 });
	}

	async take(key: string): Promise<AttemptCount> {
		try {
			await this.#limiter.consume(key);
			return { waitMs: 0, isFirstBeyond: false };
		} catch (refusal) {
			if (!(refusal instanceof RateLimiterRes)) throw refusal;
			const { consumedPoints, msBeforeNext } = refusal;
			return {
				waitMs: Math.max(1, Math.ceil(msBeforeNext)),
				isFirstBeyond: consumedPoints === this.#limiter.points + 1,
			};
		}
	}

	async giveBack(key: string): Promise<void> {
		await this.#limiter.reward(key);
	}
}
