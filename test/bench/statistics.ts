/** What is made of many measurements. */

/**
 * Nearest rank: the smallest value that at least this share of all values does not exceed. `share` is above 0 and at
 * most 1; 0.5 is the median. NaN where there are no values.
 */
export function percentile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((one, other) => one - other);
	const rank = Math.max(1, Math.ceil(share * sorted.length));
	return sorted[rank - 1] ?? Number.NaN;
}

/** As `percentile`, but between the two middle values where their number is even: rounds are few. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((one, other) => one - other);
	const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
	const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
	return (lower + upper) / 2;
}

/** Three digits that count; more would claim what a busy machine cannot give. */
export function rounded(value: number): number {
	return Number(value.toPrecision(3));
}
