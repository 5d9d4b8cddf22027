/** A proxy in front of the gateway knows who somebody is, and says so in headers of each request. */
import type { RequestAuthenticator, RequestFacts, Vouched } from "../core/authenticator.ts";
import type { Role } from "../protocol/sign-in.ts";
import { hasName, readableName } from "./claims.ts";
import { headerText } from "./header-text.ts";

export type ProxyOptions = {
	/** Whether a peer's headers are believed. */
	isTrusted(peer: string): boolean;
	/** Names in lower case. */
	userHeader: string;
	nameHeader: string;
	/** Null where the proxy says nothing of roles. */
	roleHeader: string | null;
};

/**
 * Printable, without a comma: that is what is left where somebody's own header and the proxy's were joined. Bytes beyond
 * ASCII stay as they are: decoded, two different names could become one.
 */
const SUBJECT = /^(?! )[\x20-\x2b\x2d-\x7e\x80-\xff]{1,255}(?<! )$/;

export class ProxyAuthenticator implements RequestAuthenticator {
	readonly method = "proxy";
	readonly #options: ProxyOptions;

	constructor(options: ProxyOptions) {
		this.#options = options;
	}

	identify({ headers, peer }: RequestFacts): Vouched | null {
		const { isTrusted, nameHeader, userHeader } = this.#options;
		if (!isTrusted(peer)) return null;
		const subject = headers[userHeader];
		const name = headers[nameHeader] ?? "";
		const role = this.#roleIn(headers);
		// Of what was sent more than once, one may be the visitor's own.
		if (typeof subject !== "string" || typeof name !== "string" || role === "unclear") return null;
		if (!SUBJECT.test(subject)) return null;
		const displayName = readableName(headerText(name), headerText(subject));
		const identity = { issuer: this.method, subject, displayName };
		return { identity, role, tier: null, issuerSession: null, ...(!hasName(headerText(name)) && { isNameless: true }) };
	}

	#roleIn(headers: RequestFacts["headers"]): Role | null | "unclear" {
		const { roleHeader } = this.#options;
		if (roleHeader === null) return null;
		const role = headers[roleHeader];
		if (Array.isArray(role)) return "unclear";
		return role === "operator" ? "operator" : "user";
	}
}
