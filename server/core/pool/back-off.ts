/** How long to wait after something failed several times in a row. */

export type BackOff = { firstMs: number; longestMs: number };

/**
 * Pause before the next try, ms: doubles with each failure up to the longest, then between half and all of it, so that
 * many who failed together do not come back together. `random` gives 0 to 1.
 */
export function backOffMs(
	{ firstMs, longestMs }: BackOff,
	failures: number,
	random: () => number = Math.random,
): number {
	const whole = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
	return Math.round(whole * (0.5 + random() / 2));
}
