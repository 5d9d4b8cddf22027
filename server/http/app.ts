/** The HTTP side: pages, their assets, the API, health. Whatever goes wrong is answered as a `WireError`. */
import { join } from "node:path";
import express, {
	type ErrorRequestHandler,
	type Express,
	type NextFunction,
	type Request,
	type RequestHandler,
	type Response,
	Router,
} from "express";
import type { Logger } from "pino";
import { pinoHttp } from "pino-http";
import { mayTalk, type OriginPolicy } from "../core/origin.ts";
import type { Readiness } from "../core/readiness.ts";
import { sendError } from "../limits/refusal.ts";
import type { Gate } from "../limits/request-limit.ts";
import { API_PATH } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import { securityHeaders } from "./security-headers.ts";

export type AppOptions = {
	/** Folder that Vite built. */
	webRoot: string;
	/** What every path begins with as it arrives here; empty where it is nothing. */
	mountPath: string;
	/** What every path begins with as browsers see it: the same, unless a proxy takes it away. Redirects lead there. */
	basePath: string;
	/** What people see. */
	pages: Router;
	/** Whether the gateway itself speaks TLS. */
	isEndOfTls: boolean;
	/** Below `API_PATH`. */
	api: Router;
	/** Null where nobody signs in at a provider. */
	oidc: Router | null;
	originPolicy: OriginPolicy;
	readiness(): Readiness;
	/** What each request has to pass first. */
	gate: Gate;
	log: Logger;
};

export const TERMINAL_PATH = "/container-terminal";
const HEALTH_PATH = "/healthz";
const READY_PATH = "/readyz";
export const SIGN_IN_PATH = "/sign-in";
/** Names of assets carry a hash of their content, so that a year is as good as for ever. */
const ASSET_MAX_AGE_MS = 365 * 24 * 60 * 60 * 1000;

export function createApp(options: AppOptions): Express {
	const app = express();
	app.disable("x-powered-by");
	// As Socket.IO takes its own path.
	app.enable("case sensitive routing");
	app.use(options.gate);
	app.use(health(options));
	app.use(options.mountPath || "/", routes(options));
	app.use(() => {
		throw new BerthError("NOT_FOUND");
	});
	app.use(answerError(options.log));
	return app;
}

/** Whoever asks the gateway itself for its health need not know below which path people reach it. */
export function healthPaths(mountPath: string): ReadonlySet<string> {
	return new Set(["", mountPath].flatMap((below) => [`${below}${HEALTH_PATH}`, `${below}${READY_PATH}`]));
}

function health({ readiness }: AppOptions): Router {
	const router = Router();
	router.get(HEALTH_PATH, (_request, response) => void response.json({ status: "ok" }));
	router.get(READY_PATH, (_request, response) => {
		const { isReady, ...rest } = readiness();
		response.status(isReady ? 200 : 503).json(rest);
	});
	return router;
}

function routes(options: AppOptions): Router {
	// Strict, because what a page names lies beside it: behind one more slash it would be looked for elsewhere.
	const router = Router({ strict: true });
	router.use(health(options));
	router.use(requestLog(options.log), securityHeaders(options), guardOrigin(options.originPolicy));
	router.use(API_PATH, options.api);
	if (options.oidc !== null) router.use(options.oidc);
	router.use(refuseBodies);
	router.use(options.pages);
	router.use(
		"/assets",
		express.static(join(options.webRoot, "assets"), { immutable: true, maxAge: ASSET_MAX_AGE_MS, index: false }),
	);
	router.use(express.static(options.webRoot, { index: false, redirect: false }));
	return router;
}

/** Nothing but the API takes a body. One that comes all the same is not read on: the connection ends with the answer. */
function refuseBodies({ headers }: Request, response: Response, next: NextFunction): void {
	const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
	if (hasBody) response.set("Connection", "close");
	next(hasBody ? new BerthError("BAD_REQUEST", { detail: "nothing here takes a body" }) : undefined);
}

function requestLog(log: Logger): RequestHandler {
	return pinoHttp({
		logger: log,
		quietReqLogger: true,
		customLogLevel: (_request, response) => (response.statusCode >= 500 ? "error" : "debug"),
		// Headers carry cookies, and queries may carry anything: neither is logged.
		serializers: {
			req: ({ id, method, url }: { id: unknown; method: string; url: string }) => ({ id, method, url: pathOf(url) }),
			res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
		},
	});
}

function pathOf(url: string): string {
	return url.split("?", 1)[0] ?? "";
}

function guardOrigin(policy: OriginPolicy): RequestHandler {
	return ({ headers }, _response, next) => {
		next(mayTalk(headers, policy) ? undefined : new BerthError("ORIGIN_REFUSED"));
	};
}

function answerError(log: Logger): ErrorRequestHandler {
	return (thrown: unknown, request, response, next) => {
		if (response.headersSent) {
			next(thrown);
			return;
		}
		const error = asBerthError(thrown);
		if (error.code === "INTERNAL") log.error({ err: thrown, reqId: request.id }, "request failed");
		sendError(response, error);
	};
}

/** Express and its parts throw errors with an HTTP status: those below 500 are the client's. */
function asBerthError(thrown: unknown): BerthError {
	if (thrown instanceof BerthError) return thrown;
	const status: unknown = Object(thrown).status;
	if (status === 404) return new BerthError("NOT_FOUND");
	const isClients = typeof status === "number" && status >= 400 && status < 500;
	return new BerthError(isClients ? "BAD_REQUEST" : "INTERNAL", { cause: thrown });
}
