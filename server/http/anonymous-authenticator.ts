/** Everybody is somebody: a signed cookie with a random subject. Another browser profile is another guest. */
import { randomBytes } from "node:crypto";
import { parseCookie, stringifySetCookie } from "cookie";
import { sign, unsign } from "cookie-signature";
import type { Admission, Authenticator } from "../core/authenticator.ts";
import type { Identity } from "../core/identity.ts";

export type AnonymousOptions = {
	/** Key of the signature. Whoever knows it can be anybody. */
	secret: string;
	/** Whether the cookie travels by HTTPS only. */
	isSecure: boolean;
};

export const GUEST_COOKIE = "berth_guest";
/** Browsers keep a cookie for 400 days at most; each visit begins them anew. */
const COOKIE_MAX_AGE_S = 400 * 24 * 60 * 60;
const SUBJECT_BYTES = 16;
const SUBJECT = /^[A-Za-z0-9_-]{22}$/;

export class AnonymousAuthenticator implements Authenticator {
	readonly #options: AnonymousOptions;

	constructor(options: AnonymousOptions) {
		this.#options = options;
	}

	identify(cookieHeader: string | undefined): Identity | null {
		const signed = parseCookie(cookieHeader ?? "")[GUEST_COOKIE];
		const subject = signed === undefined ? false : unsign(signed, this.#options.secret);
		return subject !== false && SUBJECT.test(subject) ? identityOf(subject) : null;
	}

	admit(cookieHeader: string | undefined): Admission {
		const known = this.identify(cookieHeader);
		const identity = known ?? identityOf(randomBytes(SUBJECT_BYTES).toString("base64url"));
		return { identity, setCookie: this.#cookieFor(identity.subject) };
	}

	#cookieFor(subject: string): string {
		return stringifySetCookie({
			name: GUEST_COOKIE,
			value: sign(subject, this.#options.secret),
			httpOnly: true,
			sameSite: "lax",
			secure: this.#options.isSecure,
			path: "/",
			maxAge: COOKIE_MAX_AGE_S,
		});
	}
}

function identityOf(subject: string): Identity {
	return { issuer: "anonymous", subject, displayName: "guest" };
}
