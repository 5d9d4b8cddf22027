/** What one user's pages may do, all of them together. */
import type { RateLimit } from "../core/rate-limit.ts";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import type { PageRequestName } from "../protocol/terminal.ts";
import { MessageMeter } from "./message-meter.ts";

/** A page that comes back asks once for each of its sessions. What is under way holds memory here and at the agent. */
const REQUESTS_UNDER_WAY = 128;
/** Requests are answered in milliseconds, a new shell in tenths of seconds. */
const UNDER_WAY_RETRY_MS = 500;
/** To start a shell costs the container ten times as much as anything else. */
const POINTS: { [Name in PageRequestName]?: number } = { "session:open": 10 };
/** To become a connection costs more than to use one. */
const CONNECTING_POINTS = 5;

export class UserAllowance {
	/** What is read of this user's messages, requests or not. */
	readonly meter = new MessageMeter();
	/** Pages connected now. */
	pages = 0;
	/** Connections that this is counted for; whoever holds it releases it. */
	holders = 0;
	readonly #userId: UserId;
	readonly #limit: RateLimit;
	#underWay = 0;
	#refusedUntil = 0;

	constructor(userId: UserId, limit: RateLimit) {
		this.#userId = userId;
		this.#limit = limit;
	}

	/** A page wants to connect. Throws `BerthError` RATE_LIMITED. */
	connect(): void {
		this.#take(CONNECTING_POINTS);
	}

	/** A request begins; `end` is to follow. Throws `BerthError` RATE_LIMITED. */
	begin(name: PageRequestName): void {
		if (this.#underWay >= REQUESTS_UNDER_WAY) throw rateLimited(UNDER_WAY_RETRY_MS);
		this.#take(POINTS[name] ?? 1);
		this.#underWay += 1;
	}

	end(): void {
		this.#underWay -= 1;
	}

	/**
	 * Decided at once, by what the limit last said: a request that had to wait for it could be overtaken by the input that
	 * was sent behind it. A few more than allowed get through, those of one moment.
	 */
	#take(points: number): void {
		const waitMs = this.#refusedUntil - performance.now();
		if (waitMs > 0) throw rateLimited(Math.ceil(waitMs));
		void this.#limit.take(this.#userId, points).then((waitMs) => {
			if (waitMs > 0) this.#refusedUntil = performance.now() + waitMs;
		});
	}
}

/** One for each user who has a connection. */
export class UserAllowances {
	readonly #limit: RateLimit;
	readonly #users = new Map<UserId, UserAllowance>();

	constructor(limit: RateLimit) {
		this.#limit = limit;
	}

	/** To be released as often as it was held. */
	hold(userId: UserId): UserAllowance {
		const allowance = this.#users.get(userId) ?? new UserAllowance(userId, this.#limit);
		allowance.holders += 1;
		this.#users.set(userId, allowance);
		return allowance;
	}

	release(userId: UserId): void {
		const allowance = this.#users.get(userId);
		if (allowance === undefined) return;
		allowance.holders -= 1;
		if (allowance.holders === 0) this.#users.delete(userId);
	}
}

function rateLimited(retryAfterMs: number): BerthError {
	return new BerthError("RATE_LIMITED", { retryAfterMs });
}
