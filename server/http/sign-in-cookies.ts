/** The cookies that carry a sign-in's token. A browser has one sign-in: a new one takes the place of either. */
import { parseCookie, stringifySetCookie } from "cookie";
import type { RequestFacts } from "../core/authenticator.ts";

const NAME = "berth_sign_in";
/** Of a page inside another site's: it belongs to the pair of both, so that the sites share nothing of it. */
const EMBEDDED_NAME = "berth_embedded";
/** What browsers let nobody set but this very host, by HTTPS. */
const HOST_PREFIX = "__Host-";
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export class SignInCookies {
	readonly #isSecure: boolean;

	/** `isSecure`: whether people reach the gateway by HTTPS. */
	constructor(isSecure: boolean) {
		this.#isSecure = isSecure;
	}

	/** Null where the request carries none. */
	tokenOf({ headers }: Pick<RequestFacts, "headers">): string | null {
		const cookies = parseCookie([headers.cookie].flat()[0] ?? "");
		const token = cookies[this.#name(EMBEDDED_NAME)] ?? cookies[this.#name(NAME)];
		return token !== undefined && TOKEN.test(token) ? token : null;
	}

	/** `Set-Cookie` values. */
	set(token: string, maxAgeMs: number, isEmbedded: boolean): string[] {
		const maxAge = Math.floor(maxAgeMs / 1000);
		return isEmbedded
			? [this.#embedded(token, maxAge), this.#usual("", 0)]
			: [this.#usual(token, maxAge), this.#embedded("", 0)];
	}

	get clearing(): string[] {
		return [this.#usual("", 0), this.#embedded("", 0)];
	}

	#usual(value: string, maxAge: number): string {
		const secure = this.#isSecure;
		return stringifySetCookie({
			...{ name: this.#name(NAME), value, maxAge, path: "/" },
			...{ httpOnly: true, sameSite: "lax", secure },
		});
	}

	/** Browsers take it from secure pages only, which those of this machine are as well. */
	#embedded(value: string, maxAge: number): string {
		return stringifySetCookie({
			...{ name: this.#name(EMBEDDED_NAME), value, maxAge, path: "/" },
			...{ httpOnly: true, sameSite: "none", secure: true, partitioned: true },
		});
	}

	#name(name: string): string {
		return this.#isSecure ? `${HOST_PREFIX}${name}` : name;
	}
}
