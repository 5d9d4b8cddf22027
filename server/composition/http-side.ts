/** The HTTP side: the app, with the pages, the API and the ways in that have routes of their own. */
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import type { Express } from "express";
import type { Logger } from "pino";
import { type Config, publicPath } from "../config.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import { apiRoutes } from "../http/api-routes.ts";
import { type AppOptions, createApp, SIGN_IN_PATH, TERMINAL_PATH } from "../http/app.ts";
import { oidcRoutes } from "../http/oidc-routes.ts";
import { pages } from "../http/pages.ts";
import type { Services } from "./services.ts";

const WEB_ROOT = join(import.meta.dirname, "../../web/dist");

export type HttpSideOptions = Pick<AppOptions, "gate" | "isEndOfTls" | "originPolicy" | "readiness"> & {
	services: Services;
	factsOf(request: IncomingMessage): RequestFacts;
	log: Logger;
};

export function createHttpSide(config: Config, options: HttpSideOptions): Express {
	const { factsOf, log, services, ...rest } = options;
	const { api, cookies, signIns, tokens, waysIn } = services;
	const { authentication, guests, oidc, refusals } = waysIn;
	const basePath = publicPath(config);
	return createApp({
		...rest,
		webRoot: WEB_ROOT,
		mountPath: config.BASE_PATH,
		basePath,
		pages: pages({
			...{ authentication, factsOf, basePath },
			webRoot: WEB_ROOT,
			embedOrigins: config.SIGN_IN.includes("jwt") ? config.EMBED_ORIGINS : [],
		}),
		api: apiRoutes({
			...{ api, authentication, tokens, cookies, factsOf },
			signInMs: config.SIGN_IN_TIMEOUT,
			guestForgetting: guests?.forgetting ?? [],
		}),
		oidc:
			oidc &&
			oidcRoutes({
				...oidc,
				...{ authentication, cookies, factsOf, log, signIns, refusals },
				terminalPath: `${basePath}${TERMINAL_PATH}`,
				signInPath: `${basePath}${SIGN_IN_PATH}`,
			}),
		log,
	});
}
