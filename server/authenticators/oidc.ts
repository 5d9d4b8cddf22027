/** Any OpenID Connect provider vouches for its people: code flow with PKCE, state and nonce. */
import {
	AuthorizationResponseError,
	authorizationCodeGrant,
	buildAuthorizationUrl,
	buildEndSessionUrl,
	type Configuration,
	calculatePKCECodeChallenge,
	fetchUserInfo,
	type IDToken,
	ResponseBodyError,
	randomNonce,
	randomPKCECodeVerifier,
	randomState,
	type TokenEndpointResponse,
	type TokenEndpointResponseHelpers,
	WWWAuthenticateChallengeError,
} from "openid-client";
import type { Authenticator, IssuerSession, Vouched } from "../core/authenticator.ts";
import { refusal } from "../core/refusals.ts";
import { BerthError } from "../protocol/errors.ts";
import { claimAt, hasName, readableName, roleIn, subjectIn, tierIn } from "./claims.ts";
import { OidcDiscovery, type OidcDiscoveryOptions, reasonIn } from "./oidc-discovery.ts";

export type OidcOptions = OidcDiscoveryOptions & {
	/** What is asked for, separated by spaces. */
	scopes: string;
	/** Claims, or paths to them. Null where the provider says nothing about it. */
	nameClaim: string;
	roleClaim: string | null;
	/** Values of the role's claim that make an operator. */
	operators: readonly string[];
	tierClaim: string | null;
	/** Where the provider sends people back to, from signing in and from signing out. */
	callbackUrl: string;
	signedOutUrl: string;
	isTier(name: string): boolean;
};

/** What has to be known when somebody comes back, and known to nobody but their browser and this gateway. */
export type OidcFlow = { state: string; nonce: string; codeVerifier: string };

/** Somebody comes back: with the flow that their browser began, null where it began none; and the provider's answer. */
export type OidcReturn = { flow: OidcFlow | null; search: string };

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** What a provider may answer is bounded by its specification; what comes in a query is anything. */
const ERROR_CODE = /^[a-z_]{1,60}$/;
/** Longer ones do not fit into an address that every server takes. */
const HINT_LENGTH = 4_096;

export class OidcAuthenticator implements Authenticator<OidcReturn> {
	readonly method = "oidc";
	readonly #options: OidcOptions;
	readonly discovery: OidcDiscovery;

	constructor(options: OidcOptions) {
		this.#options = options;
		this.discovery = new OidcDiscovery(options);
	}

	/** Where to send somebody, and what to keep for when they come back. Throws `BerthError` ISSUER_UNREACHABLE. */
	async begin(): Promise<{ address: string; flow: OidcFlow }> {
		const { callbackUrl, scopes } = this.#options;
		const configuration = await this.discovery.configuration();
		const flow = { state: randomState(), nonce: randomNonce(), codeVerifier: randomPKCECodeVerifier() };
		const address = buildAuthorizationUrl(configuration, {
			redirect_uri: callbackUrl,
			scope: scopes,
			state: flow.state,
			nonce: flow.nonce,
			code_challenge: await calculatePKCECodeChallenge(flow.codeVerifier),
			code_challenge_method: "S256",
		});
		return { address: address.href, flow };
	}

	async authenticate({ flow, search }: OidcReturn): Promise<Vouched> {
		if (flow === null) throw refusal("this browser did not begin the sign-in, or too long ago");
		const configuration = await this.discovery.configuration();
		try {
			const tokens = await this.#exchange(configuration, flow, search);
			const idToken = tokens.claims();
			if (idToken === undefined) throw refusal("the provider gave no ID token");
			const claims = await this.#withUserInfo(configuration, tokens.access_token, idToken);
			return this.#vouched(claims, { sid: textOrNull(idToken.sid), idToken: tokens.id_token ?? "" });
		} catch (error) {
			throw this.#translated(error);
		}
	}

	/** Where to sign out at the provider as well; null where it has no such place, or cannot be asked for it. */
	async signOutAddress({ idToken }: IssuerSession): Promise<string | null> {
		const configuration = await this.discovery.configuration().catch(() => null);
		if (configuration?.serverMetadata().end_session_endpoint === undefined) return null;
		return buildEndSessionUrl(configuration, {
			post_logout_redirect_uri: this.#options.signedOutUrl,
			...(idToken.length <= HINT_LENGTH && { id_token_hint: idToken }),
		}).href;
	}

	async #exchange(configuration: Configuration, flow: OidcFlow, search: string): Promise<Tokens> {
		// Not the address as the request has it: what `Host` says is anybody's.
		const address = new URL(this.#options.callbackUrl);
		address.search = search;
		return await authorizationCodeGrant(configuration, address, {
			expectedState: flow.state,
			expectedNonce: flow.nonce,
			pkceCodeVerifier: flow.codeVerifier,
			idTokenExpected: true,
		});
	}

	/** Many providers tell only there what they were asked for. The signed token's word comes first. */
	async #withUserInfo(configuration: Configuration, accessToken: string, idToken: IDToken): Promise<IDToken> {
		const { nameClaim, roleClaim, tierClaim } = this.#options;
		const wanted = [nameClaim, roleClaim, tierClaim].filter((claim) => claim !== null);
		const hasAll = wanted.every((claim) => claimAt(idToken, claim) !== undefined);
		if (hasAll || configuration.serverMetadata().userinfo_endpoint === undefined) return idToken;
		return { ...(await fetchUserInfo(configuration, accessToken, idToken.sub)), ...idToken };
	}

	#vouched(claims: IDToken, issuerSession: IssuerSession): Vouched {
		const { isTier, nameClaim, operators, roleClaim, tierClaim } = this.#options;
		const subject = subjectIn(claims.sub);
		const name = [claimAt(claims, nameClaim), claims.preferred_username].find(hasName);
		return {
			identity: { issuer: claims.iss, subject, displayName: readableName(name, subject) },
			role: roleClaim === null ? null : roleIn(claimAt(claims, roleClaim), operators),
			tier: tierClaim === null ? null : tierIn(claimAt(claims, tierClaim), isTier),
			issuerSession,
			...(name === undefined && { isNameless: true }),
		};
	}

	/** The library's causes hold tokens and what was asked: of them nothing goes on but codes. */
	#translated(error: unknown): BerthError {
		if (error instanceof BerthError) return error;
		if (error instanceof AuthorizationResponseError) return refusal(`the provider answered ${codeIn(error.error)}`);
		if (error instanceof WWWAuthenticateChallengeError) return this.#misconfigured("invalid_client");
		if (error instanceof ResponseBodyError && error.status < 500) {
			const code = codeIn(error.error);
			return code === "invalid_client" ? this.#misconfigured(code) : refusal(`the provider refused the code: ${code}`);
		}
		if (isAboutTheWay(error)) {
			this.#options.log.warn({ reason: reasonIn(error) }, "the OpenID provider does not answer");
			return new BerthError("ISSUER_UNREACHABLE");
		}
		return refusal(`the provider's answer is not valid: ${codeIn(String(Object(error).code).toLowerCase())}`);
	}

	#misconfigured(code: string): BerthError {
		this.#options.log.error(
			{ code },
			"the OpenID provider refuses this gateway: see OIDC_CLIENT_ID, OIDC_CLIENT_SECRET",
		);
		return refusal(`the provider refused this gateway: ${code}`);
	}
}

/** Whether it is not about what the provider said, but that it said nothing, or that it could not. */
function isAboutTheWay(error: unknown): boolean {
	const { cause, code } = Object(error);
	if (error instanceof ResponseBodyError || error instanceof TypeError) return true;
	if (code === "OAUTH_RESPONSE_IS_NOT_CONFORM") return cause instanceof Response && cause.status >= 500;
	return code === "OAUTH_TIMEOUT" || code === "OAUTH_ABORT";
}

function codeIn(text: string): string {
	return ERROR_CODE.test(text) ? text : "an error";
}

function textOrNull(value: unknown): string | null {
	return typeof value === "string" ? value : null;
}
