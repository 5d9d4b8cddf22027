/** The cookies that carry a sign-in's token. A browser has one sign-in: a new one takes the place of either. */
import type { RequestFacts } from "../core/authenticator.ts";
import { HostCookie } from "../host-cookie.ts";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export class SignInCookies {
	readonly #usual: HostCookie;
	readonly #embedded: HostCookie;

	/** `isSecure`: whether people reach the gateway by HTTPS. */
	constructor(isSecure: boolean) {
		this.#usual = new HostCookie("berth_sign_in", { isSecure });
		this.#embedded = new HostCookie("berth_embedded", { isSecure, isEmbedded: true });
	}

	/** Null where the request carries none. */
	tokenOf(request: Pick<RequestFacts, "headers">): string | null {
		const token = this.#embedded.valueIn(request) ?? this.#usual.valueIn(request);
		return token !== undefined && TOKEN.test(token) ? token : null;
	}

	/** `Set-Cookie` values. */
	set(token: string, maxAgeMs: number, isEmbedded: boolean): string[] {
		const [wanted, other] = isEmbedded ? [this.#embedded, this.#usual] : [this.#usual, this.#embedded];
		return [wanted.set(token, Math.floor(maxAgeMs / 1000)), other.clearing];
	}

	get clearing(): string[] {
		return [this.#usual.clearing, this.#embedded.clearing];
	}
}
