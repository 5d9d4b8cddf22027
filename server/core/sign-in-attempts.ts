/**
 * How often somebody may be wrong. Each attempt is counted before its password is looked at, so that many at once are
 * no way around, and taken back where it was right. Names count whether there is such an account or not.
 *
 * Whoever guesses must not lock out whom they guess at. So a browser that somebody has signed in with before counts by
 * itself, for that account, and nothing that others do counts against it. All others count against the account
 * together, and less from each address than together: one address cannot use up what there is for all.
 */
import { createHash } from "node:crypto";
import { BerthError } from "../protocol/errors.ts";
import type { AuditLog } from "./audit.ts";

/** The port to what counts attempts. */
export interface AttemptLimit {
	/** Counts one. */
	take(key: string): Promise<AttemptCount>;
	/** That one was right. */
	giveBack(key: string): Promise<void>;
}

export type AttemptCount = {
	/** 0 where it was within the limit, otherwise when to try again, ms. */
	waitMs: number;
	/** Whether it is the first beyond the limit. */
	isFirstBeyond: boolean;
};

/** What is counted apart from each other. */
export type AttemptLimits = Record<"address" | "accountFromAddress" | "account" | "device" | "pace", AttemptLimit>;

export const ATTEMPT_LIMITS = {
	/** Wrong attempts of strangers from one address, whatever the account: a school's pupils share one. */
	address: { attempts: 100, durationMs: 10 * 60_000 },
	/** Of strangers at one account from one address. */
	accountFromAddress: { attempts: 10, durationMs: 15 * 60_000 },
	/** Of strangers at one account from everywhere: more than one address is given in that time. */
	account: { attempts: 60, durationMs: 60 * 60_000 },
	/** Of a browser at the account that was signed in to with it. */
	device: { attempts: 10, durationMs: 15 * 60_000 },
	/** Also of right ones: whoever has an account must not keep the hashing from everybody else. */
	pace: { attempts: 100, durationMs: 10 * 60_000 },
} as const satisfies Record<keyof AttemptLimits, { attempts: number; durationMs: number }>;

export type AttemptFacts = {
	address: string;
	/** `nameKeyOf` of what was typed. */
	nameKey: string;
	/** The browser, where somebody has signed in to this account with it; null otherwise. */
	deviceId: string | null;
	/** Whom the attempt is at; null where there is no such account. For the audit log only. */
	subject: string | null;
};

/** An attempt that is under way. */
export type Attempt = {
	/** It was right, or was not looked at. */
	giveBack(): Promise<void>;
};

export class SignInAttempts {
	readonly #limits: AttemptLimits;
	readonly #audit: AuditLog;

	constructor(limits: AttemptLimits, audit: AuditLog) {
		this.#limits = limits;
		this.#audit = audit;
	}

	/** Throws `BerthError` TOO_MANY_ATTEMPTS with the time to wait. */
	async begin(facts: AttemptFacts): Promise<Attempt> {
		const taken: [keyof AttemptLimits, string][] = [];
		for (const [name, key] of countsOf(facts)) {
			// One that is refused here is not counted further on: see above.
			const { isFirstBeyond, waitMs } = await this.#limits[name].take(key);
			if (isFirstBeyond) this.#tell(name, facts);
			if (waitMs > 0) throw new BerthError("TOO_MANY_ATTEMPTS", { retryAfterMs: waitMs });
			if (name !== "pace") taken.push([name, key]);
		}
		return {
			giveBack: async () => {
				for (const [name, key] of taken) await this.#limits[name].giveBack(key);
			},
		};
	}

	/** Once for each time that a limit is reached: a flood must not become a flood of lines. */
	#tell(limit: keyof AttemptLimits, { address, subject }: AttemptFacts): void {
		this.#audit.record({
			actor: "nobody",
			address,
			action: "limit.hit",
			subject: limit === "address" ? null : subject,
			result: "TOO_MANY_ATTEMPTS",
			details: { limit: `sign-in by ${limit}` },
		});
	}
}

function countsOf({ address, deviceId, nameKey }: AttemptFacts): [keyof AttemptLimits, string][] {
	const account = digestOf(nameKey);
	// By the account, not the browser: that is known by another id after each sign-in. Nobody else gets this far with it.
	if (deviceId !== null) {
		return [
			["device", deviceId],
			["pace", `known ${account}`],
		];
	}
	return [
		["address", address],
		["accountFromAddress", `${account} ${address}`],
		["pace", `${account} ${address}`],
		["account", account],
	];
}

/** Short whatever was typed. */
function digestOf(nameKey: string): string {
	return createHash("sha256").update(nameKey).digest("base64url");
}
