/**
 * Counts attempts in this process's memory. A key lives as long as its window, and goes at once where nothing is left of
 * its count: what a flood costs here is bounded by how many passwords can be hashed in that time.
 */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { ATTEMPT_LIMITS, type AttemptCount, type AttemptLimit, type AttemptLimits } from "../core/sign-in-attempts.ts";

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
		const { consumedPoints } = await this.#limiter.reward(key);
		if (consumedPoints <= 0) await this.#limiter.delete(key);
	}
}

export function memoryAttemptLimits(): AttemptLimits {
	return {
		address: new MemoryAttemptLimit(ATTEMPT_LIMITS.address),
		accountFromAddress: new MemoryAttemptLimit(ATTEMPT_LIMITS.accountFromAddress),
		account: new MemoryAttemptLimit(ATTEMPT_LIMITS.account),
		device: new MemoryAttemptLimit(ATTEMPT_LIMITS.device),
		pace: new MemoryAttemptLimit(ATTEMPT_LIMITS.pace),
	};
}
