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

const SHARE = 0.8;
/** Whoever uses this part of what it may would use more if it could; on a busy host nobody gets all of it. */
const HELD = 0.6;
/** An account that was held and wants less now is let go step by step: it may only have been kept from running. */
const RISE = 2;
/** Where all together are held, nobody's use says what they want. As much again is what most are let have for certain. */
const CROWDED_WANT = 2;
/** The kernel takes no less: 1 ms per period of 100 ms. */
const LEAST_MILLICORES = 10;

/**
 * Whoever's cap is set anew begins a new period with all of it, whatever was used of the last: if everybody's were set
 * at once, because each may have a little more, all of them would spend the quota together.
 */
const RISES_AT_ONCE = 2;
/** What rises or falls by less than these parts stays. `SHARE` leaves room for what did not fall. */
const LEAST_RISE = 0.25;
const LEAST_FALL = 0.1;

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

/** A cap for each account, millicores. Accounts that want less than their fair share may soon use what they like. */
export function cpuCaps<Id>(quotaMillicores: number, uses: readonly CpuUse<Id>[]): Map<Id, number> {
	const most = loneCap(quotaMillicores);
	const isCrowded = uses.reduce((sum, { used }) => sum + used, 0) >= most * HELD;
	const wanted = ({ used, cap }: CpuUse<Id>): number => {
		if (used >= cap * HELD) return Number.POSITIVE_INFINITY;
		return isCrowded ? used * CROWDED_WANT : used;
	};
	const byWant = uses.toSorted((one, other) => wanted(one) / one.weight - wanted(other) / other.weight);
	const caps = new Map<Id, number>();
	let budget = quotaMillicores * SHARE;
	let weights = uses.reduce((sum, { weight }) => sum + weight, 0);
	for (const use of byWant) {
		const share = (budget * use.weight) / weights;
		const isLight = wanted(use) <= share;
		const cap = isLight ? Math.max(share, use.cap * RISE) : share;
		caps.set(use.id, Math.min(most, Math.max(LEAST_MILLICORES, cap)));
		budget -= isLight ? use.used : share;
		weights -= use.weight;
	}
	return caps;
}

/** Which of the caps to set now, millicores: all that fall, and of those that rise the ones that rise most. */
export function capsToSet<Id>(uses: readonly CpuUse<Id>[], caps: ReadonlyMap<Id, number>): Map<Id, number> {
	const changes = uses.map(({ id, cap }) => {
		const to = caps.get(id) ?? cap;
		return { id, to, ratio: to / cap };
	});
	const falls = changes.filter(({ ratio }) => ratio < 1 - LEAST_FALL);
	const rises = changes.filter(({ ratio }) => ratio > 1 + LEAST_RISE).toSorted((one, other) => other.ratio - one.ratio);
	return new Map([...falls, ...rises.slice(0, RISES_AT_ONCE)].map(({ id, to }) => [id, to]));
}
