/** The public keys of an issuer, fetched when they are needed and kept for a while. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { BerthError } from "../protocol/errors.ts";
import { boundedFetch, ISSUER_LIMIT_MS } from "./bounded-fetch.ts";

/** The keys are asked for again after so long, and for a key that is not among them. */
const KEPT_MS = 600_000;
/** But not more often: a token may name any key. */
const ASKED_AGAIN_AFTER_MS = 10_000;

/** What is signed with a private key. A shared secret is no such key: a public one could be taken for it. */
export const PUBLIC_KEY_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"];

/** For `jwtVerify`. Throws `BerthError` ISSUER_UNREACHABLE where the keys are not to be had. */
export function issuerKeys(address: string): JWTVerifyGetKey {
	const keys = createRemoteJWKSet(new URL(address), {
		[customFetch]: boundedFetch,
		timeoutDuration: ISSUER_LIMIT_MS,
		cooldownDuration: ASKED_AGAIN_AFTER_MS,
		cacheMaxAge: KEPT_MS,
	});
	return async (header, token) => {
		try {
			return await keys(header, token);
		} catch (error) {
			if (isOfToken(error)) throw error;
			throw new BerthError("ISSUER_UNREACHABLE", { cause: error });
		}
	};
}

/** Whether the keys are there, and the token asks for another. */
function isOfToken(error: unknown): boolean {
	const { JOSENotSupported, JWKSMultipleMatchingKeys, JWKSNoMatchingKey } = errors;
	return [JOSENotSupported, JWKSMultipleMatchingKeys, JWKSNoMatchingKey].some((kind) => error instanceof kind);
}
