/** Everybody is somebody: a signed cookie with a random subject. Another browser profile is another guest. */
import { randomBytes } from "node:crypto";
import { sign, unsign } from "cookie-signature";
import type { GuestAuthenticator, RequestFacts, Vouched } from "../core/authenticator.ts";
import { HostCookie } from "../host-cookie.ts";

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
	readonly #secret: string;
	readonly #cookie: HostCookie;
	/** By its name from before there was TLS; null where that is the name. */
	readonly #older: HostCookie | null;

	constructor({ isSecure, secret }: AnonymousOptions) {
		this.#secret = secret;
		this.#cookie = new HostCookie(GUEST_COOKIE, { isSecure });
		this.#older = isSecure ? new HostCookie(GUEST_COOKIE, { isSecure, isBound: false }) : null;
	}

	identify(request: RequestFacts): Vouched | null {
		const subject = this.#subjectOf(request);
		return subject === null ? null : vouchedFor(subject);
	}

	admit(request: RequestFacts): { vouched: Vouched; setCookies: string[] } {
		const subject = this.#subjectOf(request) ?? randomBytes(SUBJECT_BYTES).toString("base64url");
		const setCookies = [this.#cookie.set(sign(subject, this.#secret), COOKIE_MAX_AGE_S)];
		// Whoever came before there was TLS is known by the other name once more, and by this one from now on.
		if (this.#older?.valueIn(request) !== undefined) setCookies.push(this.#older.clearing);
		return { vouched: vouchedFor(subject), setCookies };
	}

	/** `Set-Cookie` values that make the browser forget whom it was. */
	get forgetting(): string[] {
		return [this.#cookie, this.#older].flatMap((cookie) => cookie?.clearing ?? []);
	}

	#subjectOf(request: RequestFacts): string | null {
		const signed = this.#cookie.valueIn(request) ?? this.#older?.valueIn(request);
		const subject = signed === undefined ? false : unsign(signed, this.#secret);
		return subject !== false && SUBJECT.test(subject) ? subject : null;
	}
}

function vouchedFor(subject: string): Vouched {
	const identity = { issuer: "anonymous", subject, displayName: "guest" };
	return { identity, role: null, tier: null, issuerSession: null };
}
