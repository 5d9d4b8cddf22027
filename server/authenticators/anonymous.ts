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
/** Where cookies travel by HTTPS only: browsers let nobody set one of this name but this very host, by HTTPS. */
export const SECURE_GUEST_COOKIE = "__Host-berth_guest";
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

	admit(request: RequestFacts): { vouched: Vouched; setCookies: string[] } {
		const { isSecure, secret } = this.#options;
		const subject = this.#subjectOf(request) ?? randomBytes(SUBJECT_BYTES).toString("base64url");
		const setCookies = [this.#cookie(this.#name, sign(subject, secret), COOKIE_MAX_AGE_S)];
		// Whoever came before there was TLS is known by the other name once more, and by this one from now on.
		if (isSecure && GUEST_COOKIE in cookiesOf(request)) setCookies.push(this.#cookie(GUEST_COOKIE, "", 0));
		return { vouched: vouchedFor(subject), setCookies };
	}

	/** `Set-Cookie` values that make the browser forget whom it was. */
	get forgetting(): string[] {
		const names = this.#options.isSecure ? [SECURE_GUEST_COOKIE, GUEST_COOKIE] : [GUEST_COOKIE];
		return names.map((name) => this.#cookie(name, "", 0));
	}

	#subjectOf(request: RequestFacts): string | null {
		const cookies = cookiesOf(request);
		const signed = cookies[this.#name] ?? cookies[GUEST_COOKIE];
		const subject = signed === undefined ? false : unsign(signed, this.#options.secret);
		return subject !== false && SUBJECT.test(subject) ? subject : null;
	}

	get #name(): string {
		return this.#options.isSecure ? SECURE_GUEST_COOKIE : GUEST_COOKIE;
	}

	#cookie(name: string, value: string, maxAge: number): string {
		const { isSecure: secure } = this.#options;
		return stringifySetCookie({ name, value, httpOnly: true, sameSite: "lax", secure, path: "/", maxAge });
	}
}

function cookiesOf({ headers }: RequestFacts): ReturnType<typeof parseCookie> {
	return parseCookie([headers.cookie].flat()[0] ?? "");
}

function vouchedFor(subject: string): Vouched {
	const identity = { issuer: "anonymous", subject, displayName: "guest" };
	return { identity, role: null, tier: null, issuerSession: null };
}
