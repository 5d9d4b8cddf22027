/** What each user may use: a tier, the one that they were given, or by the first rule that matches. */
import type { AccountLimits } from "../protocol/account-limits.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Visitor } from "./identity.ts";

export type TierRule = {
	/** Matches whom this issuer vouches for; undefined matches everybody. */
	issuer?: string | undefined;
	/** Matches these usernames or user ids; undefined matches everybody. */
	users?: readonly string[] | undefined;
	tier: string;
};

export type TierPlan = {
	tiers: ReadonlyMap<string, AccountLimits>;
	/** In the order in which they are tried. */
	rules: readonly TierRule[];
	/** Of whom no rule matches. One of `tiers`, as are those of the rules. */
	fallback: string;
};

export const STANDARD = "standard";

/** Half and double of what the settings say, where the operator says nothing else. */
const BUILT_IN = { basic: 0.5, [STANDARD]: 1, premium: 2 } as const;

export function builtInTiers(standard: AccountLimits): Map<string, AccountLimits> {
	return new Map(Object.entries(BUILT_IN).map(([name, factor]) => [name, scaled(standard, factor)]));
}

function scaled(limits: AccountLimits, factor: number): AccountLimits {
	const { sessions, processes, memoryBytes, diskBytes, cpuWeight } = limits;
	const whole = (amount: number): number => Math.max(1, Math.floor(amount * factor));
	return {
		...limits,
		sessions: whole(sessions),
		processes: whole(processes),
		memoryBytes: whole(memoryBytes),
		diskBytes: whole(diskBytes),
		cpuWeight: whole(cpuWeight),
	};
}

export class Tiers {
	#plan: TierPlan;
	readonly #givenTo: (userId: UserId) => string | null;

	/** `givenTo`: the tier that an operator or an issuer gave somebody; null where the rules decide. */
	constructor(plan: TierPlan, givenTo: (userId: UserId) => string | null) {
		this.#plan = plan;
		this.#givenTo = givenTo;
	}

	has(name: string): boolean {
		return this.#plan.tiers.has(name);
	}

	/** From now on. Sessions that run are told by whoever calls this. */
	replace(plan: TierPlan): void {
		this.#plan = plan;
	}

	nameOf({ issuer, userId, username }: Visitor): string {
		const given = this.#givenTo(userId);
		// One that is not in the file any more gives nothing.
		if (given !== null && this.has(given)) return given;
		const rule = this.#plan.rules.find(
			(each) =>
				(each.issuer === undefined || each.issuer === issuer) &&
				(each.users === undefined || each.users.includes(username) || each.users.includes(userId)),
		);
		return rule?.tier ?? this.#plan.fallback;
	}

	limitsOf(visitor: Visitor): AccountLimits {
		const name = this.nameOf(visitor);
		const limits = this.#plan.tiers.get(name);
		if (limits === undefined) throw new Error(`there is no tier ${name}`);
		return limits;
	}
}
