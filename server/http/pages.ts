/** The pages that Vite built: who gets which, and under what policy. */
import type { IncomingMessage } from "node:http";
import { type RequestHandler, Router } from "express";
import type { Authentication } from "../core/authentication.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import { SIGN_IN_PATH, TERMINAL_PATH } from "./app.ts";
import { securityHeaders } from "./security-headers.ts";

export type PagesOptions = {
	/** Folder that Vite built. */
	webRoot: string;
	/** What every path begins with as browsers see it; empty where it is nothing. */
	basePath: string;
	authentication: Pick<Authentication, "admit" | "identify">;
	factsOf(request: IncomingMessage): RequestFacts;
	/** Origins whose pages may show the terminal inside of them; none where that is off. */
	embedOrigins: readonly string[];
};

const INVITATION_PATH = "/invitation";
const ACCOUNT_PATH = "/account";
const EMBED_PATH = "/embed";

export function pages(options: PagesOptions): Router {
	const { basePath } = options;
	// What a page names lies beside it, which it would not with a slash behind.
	const router = Router({ strict: true, caseSensitive: true });
	router.get("/", (_request, response) => response.redirect(`${basePath}${TERMINAL_PATH}`));
	for (const path of [TERMINAL_PATH, SIGN_IN_PATH, INVITATION_PATH, ACCOUNT_PATH]) {
		router.get(`${path}/`, (_request, response) => response.redirect(`${basePath}${path}`));
	}
	router.get(
		TERMINAL_PATH,
		admit(options),
		securityHeaders({ hasTerminal: true }),
		show("container-terminal", options),
	);
	router.get(SIGN_IN_PATH, show("sign-in", options));
	router.get(INVITATION_PATH, show("invitation", options));
	router.get(ACCOUNT_PATH, letIn(options), show("account", options));
	if (options.embedOrigins.length > 0) router.use(embeddedPage(options));
	return router;
}

/** Nobody is admitted by it: who it is for comes from the page around it. */
function embeddedPage(options: PagesOptions): Router {
	const { embedOrigins } = options;
	const router = Router({ strict: true, caseSensitive: true });
	const headers = securityHeaders({ hasTerminal: true, frameAncestors: embedOrigins });
	router.get(EMBED_PATH, headers, withoutFrameGuard, show("container-terminal", options));
	router.get(`${EMBED_PATH}/origins`, (_request, response) => {
		response.set("Cache-Control", "no-store").json({ origins: embedOrigins });
	});
	return router;
}

/** The terminal comes with the cookie that its socket needs. */
function admit({ authentication, basePath, factsOf }: PagesOptions): RequestHandler {
	return (request, response, next) => {
		const { presence, setCookies } = authentication.admit(factsOf(request));
		if (setCookies.length > 0) response.append("Set-Cookie", setCookies);
		if (presence === null) response.redirect(303, `${basePath}${SIGN_IN_PATH}`);
		else next();
	};
}

function letIn({ authentication, basePath, factsOf }: PagesOptions): RequestHandler {
	return (request, response, next) => {
		if (authentication.identify(factsOf(request)) === null) response.redirect(303, `${basePath}${SIGN_IN_PATH}`);
		else next();
	};
}

/** All answers begin with a guard that knows no list. */
const withoutFrameGuard: RequestHandler = (_request, response, next) => {
	response.removeHeader("X-Frame-Options");
	next();
};

function show(page: string, { webRoot }: PagesOptions): RequestHandler {
	return (_request, response) => {
		// The page names its hashed assets: an old copy would ask for what is gone.
		response.set("Cache-Control", "no-store");
		response.sendFile(`${page}/index.html`, { root: webRoot, cacheControl: false });
	};
}
