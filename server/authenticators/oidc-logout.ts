/** An OpenID provider says that somebody has signed out there: back-channel logout. */
import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { refusal } from "../core/refusals.ts";
import type { UsedTokens } from "../core/used-tokens.ts";
import { textUpTo } from "../protocol/bounded.ts";
import { BerthError } from "../protocol/errors.ts";
import { issuerKeys, PUBLIC_KEY_ALGORITHMS } from "./issuer-keys.ts";
import type { OidcDiscovery } from "./oidc-discovery.ts";

export type OidcLogoutOptions = {
	discovery: OidcDiscovery;
	/** What the provider calls this gateway: tokens for others end nothing here. */
	clientId: string;
	usedTokens: UsedTokens;
};

/** Which sign-ins are over: those of one sign-in at the provider, or of a person. */
export type IssuerLogout = { issuer: string; subject: string | null; sid: string | null };

const EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** Providers make it when they send it; some try again for a while. */
const MAX_AGE_S = 300;
const CLOCK_TOLERANCE_S = 30;
/** As are used for ID tokens, which the same keys sign. */
const ALGORITHMS = [...PUBLIC_KEY_ALGORITHMS, "RS384", "RS512", "PS384", "PS512", "ES384", "ES512"];
/** Those of ID tokens, from before there was one of its own; and its own. */
const TYPES = new Set(["JWT", "LOGOUT+JWT", "APPLICATION/LOGOUT+JWT"]);

const Named = textUpTo(1_024).refine((text) => text !== "", "must not be empty");
const Claims = z.object({
	iss: z.string(),
	exp: z.number(),
	iat: z.number(),
	jti: Named,
	sub: Named.optional(),
	sid: Named.optional(),
	events: z.object({ [EVENT]: z.object({}) }),
	/** An ID token has one: it is none of these, whatever else stands in it. */
	nonce: z.never().optional(),
});

export class OidcLogout {
	readonly #options: OidcLogoutOptions;
	#keys: { address: string; keyOf: JWTVerifyGetKey } | null = null;

	constructor(options: OidcLogoutOptions) {
		this.#options = options;
	}

	/** Takes a logout token once. Throws `BerthError` SIGN_IN_REFUSED or ISSUER_UNREACHABLE. */
	async accept(token: string): Promise<IssuerLogout> {
		const { exp, iat, iss: issuer, jti, sid = null, sub: subject = null } = claimsIn(await this.#verified(token));
		if (sid === null && subject === null) throw refusal("the logout token names nobody");
		const uselessAt = (Math.min(exp, iat + MAX_AGE_S) + CLOCK_TOLERANCE_S + 1) * 1000;
		if (!this.#options.usedTokens.use(issuer, jti, uselessAt)) throw refusal("the logout token was used before");
		return { issuer, subject, sid };
	}

	async #verified(token: string): Promise<JWTPayload> {
		const { clientId, discovery } = this.#options;
		const { issuer, jwks_uri: address } = (await discovery.configuration()).serverMetadata();
		if (address === undefined) throw refusal("the provider has no keys");
		try {
			const { payload, protectedHeader } = await jwtVerify(token, this.#keyOf(address), {
				issuer,
				audience: clientId,
				algorithms: ALGORITHMS,
				maxTokenAge: MAX_AGE_S,
				clockTolerance: CLOCK_TOLERANCE_S,
				requiredClaims: ["exp", "jti"],
			});
			const { typ = "JWT" } = protectedHeader;
			if (!TYPES.has(typ.toUpperCase())) throw refusal("the token is of another kind (typ)");
			return payload;
		} catch (error) {
			if (error instanceof BerthError) throw error;
			throw refusal("the logout token is not valid", error);
		}
	}

	#keyOf(address: string): JWTVerifyGetKey {
		if (this.#keys?.address !== address) this.#keys = { address, keyOf: issuerKeys(address) };
		return this.#keys.keyOf;
	}
}

function claimsIn(payload: JWTPayload): z.infer<typeof Claims> {
	const parsed = Claims.safeParse(payload);
	if (parsed.success) return parsed.data;
	throw refusal(
		`the logout token's claims are not as they should be: ${parsed.error.issues[0]?.path[0]?.toString() ?? ""}`,
	);
}
