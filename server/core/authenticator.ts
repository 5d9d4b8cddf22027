/** The port through which the gateway learns who somebody is. One adapter for each way in. */
import type { Role, SignInMethod } from "../protocol/sign-in.ts";
import type { Identity } from "./identity.ts";

/** What an authenticator says of somebody. */
export type Vouched = {
	identity: Identity;
	/** Null where the issuer says nothing about it: then it stays what it was. */
	role: Role | null;
	/** As `role`. */
	tier: GivenTier | null;
	/** The issuer has no name for them: `displayName` is made of the subject, and takes no other name's place. */
	isNameless?: true;
	/** What is needed to sign out at the issuer as well; null where it knows no sign-ins. */
	issuerSession: IssuerSession | null;
};

/** What an issuer says of somebody's tier. No name: they have none, and the rules decide. */
export type GivenTier = { name: string | null };

export type IssuerSession = {
	/** The issuer's name for its own sign-in, where it has one. */
	sid: string | null;
	/** The token that proves it to the issuer. */
	idToken: string;
};

/** What a request says of its sender, wherever it came in. */
export type RequestFacts = {
	/** A header that was sent more than once is a list, but for `cookie`, whose parts are joined. */
	headers: Readonly<Record<string, string | string[] | undefined>>;
	/** Address of the other end of the connection: the nearest proxy, where there is one. */
	peer: string;
	/** Where it comes from, as it is counted and written down. */
	address: string;
};

/** Takes a proof once and begins a sign-in: a password, a token, an issuer's answer. */
export interface Authenticator<Proof> {
	readonly method: SignInMethod;
	/** Throws `BerthError` WRONG_CREDENTIALS, SIGN_IN_REFUSED, TOO_MANY_ATTEMPTS or ISSUER_UNREACHABLE. */
	authenticate(proof: Proof): Promise<Vouched>;
}

/** Knows somebody by each request anew, without a sign-in: a guest's cookie, a proxy's headers. */
export interface RequestAuthenticator {
	readonly method: SignInMethod;
	/** Null where the request proves nobody. Throws nothing. */
	identify(request: RequestFacts): Vouched | null;
}

/** Lets in whoever comes. */
export interface GuestAuthenticator extends RequestAuthenticator {
	/** Whom the request proves, or somebody new; with the `Set-Cookie` values that prove them from now on. */
	admit(request: RequestFacts): { vouched: Vouched; setCookies: string[] };
}
