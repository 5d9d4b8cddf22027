/** The pages that Vite built: who gets which, and under what policy. */
import type { IncomingMessage } from "node:http";
import { type RequestHandler, type Response, Router } from "express";
import type { Authentication } from "../core/authentication.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import { BerthError } from "../protocol/errors.ts";
import { SIGN_IN_PATH, TERMINAL_PATH } from "./app.ts";
import { securityHeaders } from "./security-headers.ts";

export type PagesOptions = {
	/** Folder that Vite built. */
	webRoot: string;
	/** What everything's path begins with; empty where it is nothing. */
	basePath: string;
	authentication: Pick<Authentication, "admit" | "identify">;
	factsOf(request: IncomingMessage): RequestFacts;
	/** Origins whose pages may show the terminal inside of them; none where that is off. */
	embedOrigins: readonly string[];
};

const EMBED_PATH = "/embed";

export function pages(options: PagesOptions): Router {
	const { authentication, basePath, embedOrigins, factsOf, webRoot } = options;
	// What pages name lies beside them, which it would not with a slash behind.
	const router = Router({ strict: true });
	const toSignIn = (response: Response): void => response.redirect(303, `${basePath}${SIGN_IN_PATH}`);
	const show = (page: string): RequestHandler => {
		// The page names its hashed assets: an old copy would ask for what is gone.
		return (_request, response) => {
			response.set("Cache-Control", "no-store");
			response.sendFile(`${page}/index.html`, { root: webRoot, cacheControl: false });
		};
	};

	router.get("/", (_request, response) => response.redirect(`${basePath}${TERMINAL_PATH}`));
	// It comes with the cookie that its socket needs.
	const admit: RequestHandler = (request, response, next) => {
		const { presence, setCookie } = authentication.admit(factsOf(request));
		if (setCookie !== null) response.append("Set-Cookie", setCookie);
		if (presence === null) toSignIn(response);
		else next();
	};
	router.get(TERMINAL_PATH, admit, securityHeaders({ hasTerminal: true }), show("container-terminal"));
	router.get(SIGN_IN_PATH, show("sign-in"));
	router.get("/invitation", show("invitation"));
	router.get("/account", (request, response, next) => {
		if (authentication.identify(factsOf(request)) === null) toSignIn(response);
		else next();
	});
	router.get("/account", show("account"));

	const refuseWhereOff: RequestHandler = (_request, _response, next) => {
		next(embedOrigins.length > 0 ? undefined : new BerthError("NOT_FOUND", { detail: "EMBED_ORIGINS is empty" }));
	};
	const embedded = securityHeaders({ hasTerminal: true, frameAncestors: embedOrigins });
	// Nobody is admitted by it: who it is for comes from the page around it.
	router.get(EMBED_PATH, refuseWhereOff, embedded, withoutFrameGuard, show("container-terminal"));
	router.get(`${EMBED_PATH}/origins`, refuseWhereOff, (_request, response) => {
		response.set("Cache-Control", "no-store").json({ origins: embedOrigins });
	});
	return router;
}

/** All answers begin with it. */
const withoutFrameGuard: RequestHandler = (_request, response, next) => {
	response.removeHeader("X-Frame-Options");
	next();
};
