/** Everybody is somebody: a signed cookie with a random subject. Another browser profile is another guest. */
import { randomBytes } from "node:crypto";
import { parseCookie, stringifySetCookie } from "cookie";
import { sign, unsign } from "cookie-signature";
import type { GuestAuthenticator, RequestFacts, Vouched } from "../core/authenticator.ts";

export type AnonymousOptions = {
	/** Key of the signature. Whoever knows it can be any guest. */
	secret: string;
	/** Whether the cookie travels by HTTPS only. */
	isSecure: boolean;
};

export const GUEST_COOKIE = "berth_guest";
/** Browsers keep a cookie for 400 days at most; each visit begins them anew. */
const COOKIE_MAX_AGE_S = 400 * 24 * 60 * 60;
const SUBJECT_BYTES = 16;
const SUBJECT = /^[A-Za-z0-9_-]{22}$/;

export class AnonymousAuthenticator implements GuestAuthenticator {
	readonly method = "anonymous";
	readonly #options: AnonymousOptions;

	constructor(options: AnonymousOptions) {
		this.#options = options;
	}

	identify(request: RequestFacts): Vouched | null {
		const subject = this.#subjectOf(request);
		return subject === null ? null : vouchedFor(subject);
	}

	admit(request: RequestFacts): { vouched: Vouched; setCookie: string } {
		const subject = this.#subjectOf(request) ?? randomBytes(SUBJECT_BYTES).toString("base64url");
		return {
			vouched: vouchedFor(subject),
			setCookie: this.#cookie(sign(subject, this.#options.secret), COOKIE_MAX_AGE_S),
		};
	}

	/** `Set-Cookie` value that makes the browser forget whom it was. */
	get forgetting(): string {
		return this.#cookie("", 0);
	}

	#subjectOf({ headers }: RequestFacts): string | null {
		const signed = parseCookie([headers.cookie].flat()[0] ?? "")[GUEST_COOKIE];
		const subject = signed === undefined ? false : unsign(signed, this.#options.secret);
		return subject !== false && SUBJECT.test(subject) ? subject : null;
	}

	#cookie(value: string, maxAge: number): string {
		const { isSecure: secure } = this.#options;
		return stringifySetCookie({
			name: GUEST_COOKIE,
			value,
			httpOnly: true,
			sameSite: "lax",
			secure,
			path: "/",
			maxAge,
		});
	}
}

function vouchedFor(subject: string): Vouched {
	const identity = { issuer: "anonymous", subject, displayName: "guest" };
	return { identity, role: null, tier: null, issuerSession: null };
}
