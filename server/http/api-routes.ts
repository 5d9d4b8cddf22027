/** Serves the API's operations by HTTP: finds the input, says who asks, and turns the answer into cookies and JSON. */
import express, { type Request, type RequestHandler, type Response, Router } from "express";
import type { Answer, Api, Caller } from "../api/api.ts";
import type { ApiTokens } from "../core/api-tokens.ts";
import { type Authentication, actorOf } from "../core/authentication.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import { OPERATION_NAMES, OPERATIONS, type OperationName } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import type { SignInCookies } from "./sign-in-cookies.ts";

export type ApiRoutesOptions = {
	api: Api;
	authentication: Authentication;
	tokens: Pick<ApiTokens, "find">;
	cookies: SignInCookies;
	/** The longest that a sign-in's cookie is of use, ms. */
	signInMs: number;
	/** `Set-Cookie` values that end a guest; none where there are no guests. */
	guestForgetting: string[];
	factsOf(request: Request): RequestFacts;
};

/** A secret's value, and its envelope. */
const BODY_LIMIT = "64kb";

export function apiRoutes(options: ApiRoutesOptions): Router {
	const router = Router();
	router.use(express.json({ limit: BODY_LIMIT, strict: true }));
	for (const name of OPERATION_NAMES) {
		const { method, path } = OPERATIONS[name];
		router[method.toLowerCase() as Lowercase<typeof method>](path, serve(name, options));
	}
	router.use(() => {
		throw new BerthError("NOT_FOUND", { detail: "no such operation" });
	});
	return router;
}

function serve(name: OperationName, options: ApiRoutesOptions): RequestHandler {
	return async (request, response) => {
		const caller = callerOf(request, options);
		const answer = await options.api.call(name, inputOf(request), caller);
		setCookies(response, answer, options);
		response.set("Cache-Control", "no-store").json(answer.result);
	};
}

function callerOf(request: Request, { authentication, factsOf, tokens }: ApiRoutesOptions): Caller {
	const facts = factsOf(request);
	const bearer = /^Bearer (\S+)$/.exec(request.get("authorization") ?? "")?.[1];
	if (bearer !== undefined) {
		const token = tokens.find(bearer);
		if (token === null) throw new BerthError("UNAUTHENTICATED", { detail: "no such token" });
		return { actor: { kind: "token", name: token.name }, presence: null, request: facts };
	}
	if (request.method !== "GET") refuseOtherSites(request);
	const presence = authentication.identify(facts);
	// Whoever is switched off may do what anybody may: sign in as somebody else, above all.
	const isSomebody = presence !== null && presence.user.disabledAt === null;
	return { actor: isSomebody ? actorOf(presence.user) : { kind: "nobody" }, presence, request: facts };
}

/**
 * A browser sends its cookies also with what another site's page asks. Such a request says where it comes from: `Origin`
 * was compared for every request already, so that here it has to be there at all.
 */
function refuseOtherSites(request: Request): void {
	const isOwnPage = request.get("origin") !== undefined || request.get("sec-fetch-site") === "same-origin";
	const isFromOtherSite = request.get("sec-fetch-site") === "cross-site";
	if (!isOwnPage || isFromOtherSite) throw new BerthError("ORIGIN_REFUSED", { detail: "no page of ours asks this" });
}

function inputOf({ body, method, params, query }: Request): unknown {
	const rest = method === "GET" || method === "DELETE" ? query : body;
	if (rest !== undefined && (typeof rest !== "object" || rest === null || Array.isArray(rest))) {
		throw new BerthError("BAD_REQUEST", { detail: "the body must be a JSON object" });
	}
	return { ...rest, ...params };
}

function setCookies(response: Response, answer: Answer<unknown>, options: ApiRoutesOptions): void {
	const { cookies, guestForgetting, signInMs } = options;
	const { isGuestGone, isSignedOut, setCookie, signIn } = answer;
	if (signIn) response.append("Set-Cookie", cookies.set(signIn.token, signInMs, signIn.isEmbedded ?? false));
	if (setCookie !== undefined) response.append("Set-Cookie", setCookie);
	if (isSignedOut) response.append("Set-Cookie", cookies.clearing);
	if (isGuestGone) response.append("Set-Cookie", guestForgetting);
}
