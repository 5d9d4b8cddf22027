/** A cookie of the gateway's: no script sees it, it is for the whole host, and where there is HTTPS for nothing else. */
import { parseCookie, stringifySetCookie } from "cookie";
import type { RequestFacts } from "./core/authenticator.ts";

export type HostCookieOptions = {
	/** Whether people reach the gateway by HTTPS. */
	isSecure: boolean;
	/** Whether the name binds it to this host, as it does where there is HTTPS unless it is an older one. */
	isBound?: boolean;
	/** Of a page inside another site's: it belongs to the pair of both, so that the sites share nothing of it. */
	isEmbedded?: boolean;
};

/** What browsers let nobody set but this very host, by HTTPS. */
const HOST_PREFIX = "__Host-";

export class HostCookie {
	readonly name: string;
	readonly #options: HostCookieOptions;

	constructor(name: string, options: HostCookieOptions) {
		this.name = (options.isBound ?? options.isSecure) ? `${HOST_PREFIX}${name}` : name;
		this.#options = options;
	}

	/** As the request has it; undefined where it has none. */
	valueIn({ headers }: Pick<RequestFacts, "headers">): string | undefined {
		return parseCookie([headers.cookie].flat()[0] ?? "")[this.name];
	}

	/** `Set-Cookie` value. */
	set(value: string, maxAgeS: number): string {
		const { isEmbedded = false, isSecure } = this.#options;
		return stringifySetCookie({
			...{ name: this.name, value, maxAge: maxAgeS, path: "/", httpOnly: true },
			// Browsers take an embedded one from secure pages only, which those of this machine are as well.
			...(isEmbedded ? { sameSite: "none", secure: true, partitioned: true } : { sameSite: "lax", secure: isSecure }),
		});
	}

	/** `Set-Cookie` value. */
	get clearing(): string {
		return this.set("", 0);
	}
}
