/** Whether what a process holds grows, from what it held at several rests. */
import type { Holding } from "./memory-probe.ts";

export type Growth = { of: keyof Holding; from: number; to: number; allowed: number };

const MIB = 1024 * 1024;

/** What one process may hold more of at the end, whatever it went through: compiled code, tables that have doubled. */
const ALLOWED: Partial<Record<keyof Holding, number>> = {
	heap: 1.5 * MIB,
	external: 1 * MIB,
	files: 4,
	waits: 6,
};

/**
 * All that has grown. The first rest is not counted: until then code is loaded and compiled. Of the others the least of
 * the earlier half is compared with the least of the later half: what is held for good is held at every rest.
 */
export function growthOf(rests: readonly Holding[]): Growth[] {
	const counted = rests.slice(1);
	const middle = Math.ceil(counted.length / 2);
	const [early, late] = [counted.slice(0, middle), counted.slice(middle)];
	if (early.length === 0 || late.length === 0) throw new RangeError(`${rests.length} rests say nothing`);
	const least = (some: readonly Holding[], of: keyof Holding): number => Math.min(...some.map((each) => each[of]));
	return (Object.keys(ALLOWED) as (keyof Holding)[])
		.map((of) => ({ of, from: least(early, of), to: least(late, of), allowed: ALLOWED[of] ?? 0 }))
		.filter(({ from, to, allowed }) => to - from > allowed);
}
