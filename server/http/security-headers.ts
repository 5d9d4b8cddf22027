/** What browsers are told about a page: where its parts come from, and who may show it inside of another. */
import type { RequestHandler } from "express";
import helmet from "helmet";

export type PagePolicy = {
	/** xterm.js writes its theme and cell sizes into style elements of its own. */
	hasTerminal?: boolean;
	/** Origins whose pages may show this one inside of them. */
	frameAncestors?: readonly string[];
	/** Whether the gateway itself speaks TLS. */
	isEndOfTls?: boolean;
};

/**
 * For how long browsers refuse to speak to this host without TLS, s: a year, as lists of such hosts demand. Names below it
 * are not ours to decide on.
 */
const HSTS = { maxAge: 365 * 24 * 60 * 60, includeSubDomains: false };

/** What is not said of a page again stays as it was said of all. */
export function securityHeaders(policy: PagePolicy): RequestHandler {
	const { frameAncestors = [], hasTerminal = false, isEndOfTls = false } = policy;
	const isFramed = frameAncestors.length > 0;
	return helmet({
		contentSecurityPolicy: {
			useDefaults: false,
			directives: {
				defaultSrc: ["'none'"],
				scriptSrc: ["'self'"],
				styleSrc: hasTerminal ? ["'self'", "'unsafe-inline'"] : ["'self'"],
				imgSrc: ["'self'", "data:"],
				fontSrc: ["'self'"],
				connectSrc: ["'self'"],
				manifestSrc: ["'self'"],
				baseUri: ["'none'"],
				// Forms are sent by script, which says what it is that it sends.
				formAction: ["'none'"],
				frameAncestors: isFramed ? [...frameAncestors] : ["'none'"],
			},
		},
		// It knows no list; where both are there, browsers go by the policy.
		frameguard: isFramed ? false : { action: "deny" },
		referrerPolicy: { policy: "no-referrer" },
		// Whoever ends TLS decides on this.
		strictTransportSecurity: isEndOfTls && HSTS,
	});
}
