/** The port that remembers which of an issuer's tokens were used, so that each works once. */
export interface UsedTokens {
	/**
	 * Takes note that a token is used now. False where it was used before. Forgotten after `endsAt` (Unix time, ms), when
	 * the token would not be accepted anyway; remembered through restarts until then.
	 */
	use(issuer: string, tokenId: string, endsAt: number): boolean;
}
