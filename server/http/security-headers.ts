/** What browsers are told about a page: where its parts come from, and who may show it inside of another. */
import type { RequestHandler } from "express";
import helmet from "helmet";

export type PagePolicy = {
	/** xterm.js writes its theme and cell sizes into style elements of its own. */
	hasTerminal?: boolean;
	/** Origins whose pages may show this one inside of them. */
	frameAncestors?: readonly string[];
};

export function securityHeaders({ frameAncestors = [], hasTerminal = false }: PagePolicy = {}): RequestHandler {
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
		// Whoever ends TLS in front of the gateway decides on this.
		strictTransportSecurity: false,
	});
}
