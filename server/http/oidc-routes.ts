/** The two ends of a sign-in at an OpenID provider, and the place where it says that somebody signed out there. */
import express, { type Request, type RequestHandler, type Response, Router } from "express";
import type { OidcAuthenticator } from "../authenticators/oidc.ts";
import type { OidcLogout } from "../authenticators/oidc-logout.ts";
import type { Authentication } from "../core/authentication.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import type { Log } from "../core/log.ts";
import type { Refusals } from "../core/refusals.ts";
import type { SignIns } from "../core/sign-ins.ts";
import { BerthError, codeOf } from "../protocol/errors.ts";
import type { OidcFlowCookie } from "./oidc-flow-cookie.ts";
import type { SignInCookies } from "./sign-in-cookies.ts";

export type OidcRoutesOptions = {
	oidc: OidcAuthenticator;
	logout: OidcLogout;
	authentication: Pick<Authentication, "signIn">;
	signIns: Pick<SignIns, "endByIssuer" | "longestMs">;
	flowCookie: OidcFlowCookie;
	cookies: SignInCookies;
	refusals: Refusals;
	log: Log;
	factsOf(request: Request): RequestFacts;
	/** Paths of pages, with the base path: where people go on, however it ends. */
	terminalPath: string;
	signInPath: string;
};

export const OIDC_PATH = "/sign-in/oidc";
export const OIDC_CALLBACK_PATH = `${OIDC_PATH}/callback`;
export const OIDC_LOGOUT_PATH = `${OIDC_PATH}/back-channel-logout`;
/** A logout token is smaller than an ID token, and they fit into a header. */
const BODY_LIMIT = "32kb";

export function oidcRoutes(options: OidcRoutesOptions): Router {
	const router = Router();
	router.get(OIDC_PATH, begin(options));
	router.get(OIDC_CALLBACK_PATH, comeBack(options));
	const form = express.urlencoded({ extended: false, limit: BODY_LIMIT, parameterLimit: 20 });
	router.post(OIDC_LOGOUT_PATH, form, takeLogout(options));
	return router;
}

function begin(options: OidcRoutesOptions): RequestHandler {
	const { flowCookie, oidc } = options;
	return async (_request, response) => {
		try {
			const { address, flow } = await oidc.begin();
			leadTo(response.append("Set-Cookie", flowCookie.set(flow)), address);
		} catch (thrown) {
			refuse(response, thrown, options);
		}
	};
}

function comeBack(options: OidcRoutesOptions): RequestHandler {
	const { authentication, cookies, factsOf, flowCookie, oidc, refusals, signIns, terminalPath } = options;
	return async (request, response) => {
		const facts = factsOf(request);
		const flow = flowCookie.flowOf(facts);
		// It works once, however it ends.
		response.append("Set-Cookie", flowCookie.clearing);
		try {
			const { token } = await refusals.attempt({ method: oidc.method, request: facts }, async () => {
				const vouched = await oidc.authenticate({ flow, search: searchOf(request) });
				return authentication.signIn(vouched, oidc.method, facts);
			});
			response.append("Set-Cookie", cookies.set(token, signIns.longestMs, false));
			leadTo(response, terminalPath);
		} catch (thrown) {
			refuse(response, thrown, options);
		}
	};
}

function searchOf({ url }: Request): string {
	const start = url.indexOf("?");
	return start < 0 ? "" : url.slice(start);
}

/** Nothing of what was asked or answered goes along but our own code, which the page has words for. */
function refuse(response: Response, thrown: unknown, { log, signInPath }: OidcRoutesOptions): void {
	const code = codeOf(thrown);
	if (code === "INTERNAL") log.error({ err: thrown }, "a sign-in failed");
	leadTo(response, `${signInPath}?error=${code}`);
}

/** 303: whatever comes next is a GET, and no back button comes to this address again. */
function leadTo(response: Response, address: string): void {
	response.set("Cache-Control", "no-store").redirect(303, address);
}

/** Answers as the specification says. */
function takeLogout({ factsOf, logout, oidc, refusals, signIns }: OidcRoutesOptions): RequestHandler {
	return async (request, response) => {
		response.set("Cache-Control", "no-store");
		try {
			const token: unknown = Object(request.body).logout_token;
			if (typeof token !== "string") throw new BerthError("BAD_REQUEST", { detail: "logout_token is missing" });
			const { issuer, sid, subject } = await logout.accept(token);
			signIns.endByIssuer(issuer, subject, sid);
			response.status(200).end();
		} catch (thrown) {
			if (!(thrown instanceof BerthError)) throw thrown;
			const event = { action: "sign-in.ended", details: { method: oidc.method } } as const;
			refusals.record(factsOf(request).address, event, thrown);
			response.status(400).json({ error: "invalid_request", error_description: "the logout token was not accepted" });
		}
	};
}
