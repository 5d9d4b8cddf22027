/**
 * Who may use how much CPU, as arithmetic: no I/O, no timers.
 *
 * The users of a container share a quota. Once it is spent, the kernel stops all of them until the next period, also who
 * only typed a key. So it must never be spent: accounts that want much are held, together, below `SHARE` of it, and the
 * rest is always there for whoever wakes up.
 *
 * Invariant: what the light accounts use and the caps of the heavy ones add up to at most `SHARE` of the quota, as long
 * as the light ones go on as they did.
 */

const SHARE = 0.85;
/** An account that uses this part of its cap would use more if it could. */
const HELD = 0.8;
/** The kernel takes no less: 1 ms per period of 100 ms. */
const LEAST_MILLICORES = 10;

export type CpuUse<Id> = {
	id: Id;
	/** Mean since it was looked at last, millicores. */
	used: number;
	/** What it was allowed meanwhile, millicores. */
	cap: number;
	/** Against other accounts' weights, where not everybody can have what they want. */
	weight: number;
};

/** What an account may use while nobody else needs it, millicores. */
export function loneCap(quotaMillicores: number): number {
	return Math.max(LEAST_MILLICORES, quotaMillicores * SHARE);
}

/** A cap for each account, millicores. Accounts that want less than their fair share may use what they like. */
export function cpuCaps<Id>(quotaMillicores: number, uses: readonly CpuUse<Id>[]): Map<Id, number> {
	const most = loneCap(quotaMillicores);
	const byWant = uses.toSorted((one, other) => wantPerWeight(one) - wantPerWeight(other));
	const caps = new Map<Id, number>();
	let budget = quotaMillicores * SHARE;
	let weights = uses.reduce((sum, { weight }) => sum + weight, 0);
	for (const use of byWant) {
		const share = (budget * use.weight) / weights;
		const isLight = wanted(use) <= share;
		caps.set(use.id, isLight ? most : Math.max(LEAST_MILLICORES, share));
		budget -= isLight ? use.used : share;
		weights -= use.weight;
	}
	return caps;
}

function wanted({ used, cap }: CpuUse<unknown>): number {
	return used >= cap * HELD ? Number.POSITIVE_INFINITY : used;
}

function wantPerWeight(use: CpuUse<unknown>): number {
	return wanted(use) / use.weight;
}
