/** The port to whatever counts how often somebody asks. */
export interface RateLimit {
	/** Counts `points` against `key`. Returns 0 where that was within the limit, otherwise when to try again, ms. */
	take(key: string, points?: number): Promise<number>;
}
