/** A platform vouches for its people by short-lived signed tokens, each of which works once. */
import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import { z } from "zod";
import type { Authenticator, Vouched } from "../core/authenticator.ts";
import { refusal } from "../core/refusals.ts";
import type { UsedTokens } from "../core/used-tokens.ts";
import { textUpTo } from "../protocol/bounded.ts";
import { BerthError } from "../protocol/errors.ts";
import { hasName, readableName, roleIn, subjectIn, tierIn } from "./claims.ts";
import { issuerKeys, PUBLIC_KEY_ALGORITHMS } from "./issuer-keys.ts";

export type JwtOptions = {
	/** What tokens must have as `iss` and `aud`. */
	issuer: string;
	audience: string;
	key: { kind: "secret"; secret: string } | { kind: "public keys"; address: string };
	/** A token that was made longer ago than this is refused, ms. */
	maxAgeMs: number;
	usedTokens: UsedTokens;
	isTier(name: string): boolean;
};

/** How far the platform's clock may be from this one, s. */
const CLOCK_TOLERANCE_S = 10;

const Claims = z.object({
	/** This gateway and nobody else: another audience could use the token here. */
	aud: z.union([z.string(), z.tuple([z.string()])]),
	exp: z.number(),
	iat: z.number(),
	jti: textUpTo(255).refine((text) => text !== "" && text.isWellFormed(), "must not be empty"),
	sub: z.string(),
	name: z.string().nullish(),
	role: z.string().nullish(),
	/** Null takes one away. */
	tier: z.string().nullish(),
	/** Tokens of other kinds, of issuers that make several: a logout's, an OpenID provider's. */
	events: z.never().optional(),
	nonce: z.never().optional(),
});

export class JwtAuthenticator implements Authenticator<string> {
	readonly method = "jwt";
	readonly #options: JwtOptions;
	readonly #keyOf: JWTVerifyGetKey;
	readonly #checks: JWTVerifyOptions;

	constructor(options: JwtOptions) {
		const { audience, issuer, key, maxAgeMs } = options;
		this.#options = options;
		const secret = key.kind === "secret" ? new TextEncoder().encode(key.secret) : null;
		this.#keyOf = key.kind === "secret" ? () => secret ?? new Uint8Array() : issuerKeys(key.address);
		this.#checks = {
			issuer,
			audience,
			// The kind of key says which: a token never chooses how it is checked.
			algorithms: secret === null ? PUBLIC_KEY_ALGORITHMS : ["HS256"],
			maxTokenAge: maxAgeMs / 1000,
			clockTolerance: CLOCK_TOLERANCE_S,
			requiredClaims: ["exp", "jti", "sub"],
		};
	}

	async authenticate(token: string): Promise<Vouched> {
		const { issuer, isTier, usedTokens } = this.#options;
		const { exp, iat, jti, name, role, sub, tier } = claimsIn(await this.#verified(token));
		const subject = subjectIn(sub);
		// Last of all, so that a token that is refused is not used up.
		if (!usedTokens.use(issuer, jti, this.#uselessAt(exp, iat))) throw refusal("the token was used before");
		return {
			identity: { issuer, subject, displayName: readableName(name, subject) },
			role: typeof role === "string" ? roleIn(role, ["operator"]) : null,
			tier: tier === undefined ? null : tierIn(tier, isTier),
			issuerSession: null,
			...(!hasName(name) && { isNameless: true }),
		};
	}

	async #verified(token: string): Promise<JWTPayload> {
		try {
			const { payload, protectedHeader } = await jwtVerify(token, this.#keyOf, this.#checks);
			const { typ = "JWT" } = protectedHeader;
			if (typ.toUpperCase() !== "JWT") throw refusal("the token is of another kind (typ)");
			return payload;
		} catch (error) {
			if (error instanceof BerthError) throw error;
			throw refusal(`the token is not valid: ${whatIsWrong(error)}`, error);
		}
	}

	/** Unix time in ms from when on the token would be refused for its age. */
	#uselessAt(exp: number, iat: number): number {
		return (Math.min(exp, iat + this.#options.maxAgeMs / 1000) + CLOCK_TOLERANCE_S + 1) * 1000;
	}
}

function claimsIn(payload: JWTPayload): z.infer<typeof Claims> {
	const parsed = Claims.safeParse(payload);
	if (parsed.success) return parsed.data;
	throw refusal(`the token's claims are not as they should be: ${parsed.error.issues[0]?.path.join(".") ?? ""}`);
}

/** The library's code, and the claim that it looked at. Its messages may repeat what stands in the token. */
function whatIsWrong(error: unknown): string {
	if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
		return `${error.code} ${error.claim}`;
	}
	return error instanceof errors.JOSEError ? error.code : "it cannot be read";
}
