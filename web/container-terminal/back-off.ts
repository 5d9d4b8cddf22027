/** Pauses between attempts to reach the gateway. */

const FIRST_MS = 500;
const LONGEST_MS = 10_000;
/** Least pause, as a share of the whole one: the more is left to chance, the less come back together. */
const LEAST_SHARE = 0.25;

/**
 * Pause before attempt `attempt` (from 1), ms: doubles up to ten seconds, and is spread over all but its first quarter,
 * so that a thousand pages whose gateway was restarted do not come back in one second.
 */
export function reconnectDelayMs(attempt: number, random: () => number = Math.random): number {
	const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1));
	return Math.round(whole * (LEAST_SHARE + random() * (1 - LEAST_SHARE)));
}
