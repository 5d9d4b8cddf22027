/** The engine's API with a time limit on each request, and its errors in our words. The only file that makes a client. */
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import Dockerode from "dockerode";
import { BerthError } from "../../protocol/errors.ts";
import type { DockerEndpoint } from "./docker-endpoint.ts";

/** Creating or removing containers takes seconds where many are made at once on few cores; more is no answer. */
const REQUEST_TIMEOUT_MS = 30_000;
/** An engine that is alive answers a ping in milliseconds, under heavy load in tenths of seconds. */
export const PING_TIMEOUT_MS = 5_000;

/** The engine answered, and said no. */
export class EngineRefusal extends Error {
	override readonly name = "EngineRefusal";
	/** HTTP status. */
	readonly status: number;

	constructor(status: number, message: string, options?: ErrorOptions) {
		super(message, options);
		this.status = status;
	}
}

export class Engine {
	readonly #client: Dockerode;
	/** For people: a path or a URL. */
	readonly #address: string;

	constructor(endpoint: DockerEndpoint) {
		this.#client = createClient(endpoint);
		this.#address =
			"socketPath" in endpoint ? endpoint.socketPath : `${endpoint.protocol}://${endpoint.host}:${endpoint.port}`;
	}

	/**
	 * Makes one request. Throws `EngineRefusal`, or `BerthError` ENGINE_UNREACHABLE. The signal must be handed to the
	 * client: it ends the request when the time is over. It never fires after the request was answered.
	 */
	async request<Result>(
		work: (client: Dockerode, abortSignal: AbortSignal) => Promise<Result>,
		timeoutMs: number = REQUEST_TIMEOUT_MS,
	): Promise<Result> {
		const aborter = new AbortController();
		// The client's promise never settles where a response breaks off in its body, so it is not relied upon.
		const { promise: timeout, reject } = Promise.withResolvers<never>();
		const timer = setTimeout(() => {
			reject(this.#unreachable(`no answer within ${timeoutMs / 1000} s from ${this.#address}`));
			aborter.abort();
		}, timeoutMs);
		try {
			return await Promise.race([work(this.#client, aborter.signal), timeout]);
		} catch (error) {
			throw this.#translate(error);
		} finally {
			clearTimeout(timer);
		}
	}

	async ping(): Promise<void> {
		try {
			await this.request((client, abortSignal) => (client as AbortablePing).ping({ abortSignal }), PING_TIMEOUT_MS);
		} catch (error) {
			throw asUnreachable(error);
		}
	}

	#translate(error: unknown): unknown {
		if (error instanceof BerthError || !(error instanceof Error)) return error;
		if ("statusCode" in error && typeof error.statusCode === "number") {
			return new EngineRefusal(error.statusCode, engineMessage(error), { cause: error });
		}
		// Sockets, TLS and HTTP give their errors a code. An error without one is a mistake of ours.
		if (!("code" in error)) return error;
		return this.#unreachable(this.#explain(String(error.code), error.message), error);
	}

	#explain(code: string, message: string): string {
		switch (code) {
			case "ENOENT":
				return `there is no socket at ${this.#address}; is Docker installed and running?`;
			case "ECONNREFUSED":
				return `nobody listens at ${this.#address}; is Docker running?`;
			case "EACCES":
				return `no permission to use ${this.#address}; is the gateway's user in the docker group?`;
			case "ENOTFOUND":
			case "EAI_AGAIN":
				return `the host name of ${this.#address} is unknown`;
			default:
				return `${this.#address}: ${message}`;
		}
	}

	#unreachable(detail: string, cause?: unknown): BerthError {
		return new BerthError("ENGINE_UNREACHABLE", { detail, cause });
	}
}

/** The client's types do not know this parameter, which it takes everywhere. */
type AbortablePing = Dockerode & { ping(options: { abortSignal: AbortSignal }): Promise<unknown> };

/** For requests that an engine in working order never refuses. */
export function asUnreachable(error: unknown): unknown {
	if (!(error instanceof EngineRefusal)) return error;
	return new BerthError("ENGINE_UNREACHABLE", { detail: `the engine refused: ${error.message}`, cause: error });
}

export function hasStatus(error: unknown, ...statuses: number[]): boolean {
	return error instanceof EngineRefusal && statuses.includes(error.status);
}

/** What the engine itself said, without the client's wrapping. */
function engineMessage(error: Error & { json?: unknown }): string {
	const { json } = error;
	if (json !== null && typeof json === "object" && "message" in json) return String(json.message).trim();
	return error.message.trim();
}

function createClient(endpoint: DockerEndpoint): Dockerode {
	// The client fills whatever is absent from the environment, which has been read already: nothing is left absent.
	const nothing = { host: "", port: 0, ca: "", cert: "", key: "", timeout: 0, pathPrefix: "/" };
	// A connection kept alive may belong to an engine that was restarted since, and then breaks the next request.
	const agent = { keepAlive: false };
	if ("socketPath" in endpoint) {
		const options = { ...nothing, protocol: "http" as const, socketPath: endpoint.socketPath };
		return new Dockerode({ ...options, ...{ agent: new HttpAgent(agent) } });
	}
	const { protocol, host, port } = endpoint;
	if (protocol === "http")
		return new Dockerode({ ...nothing, protocol, host, port, ...{ agent: new HttpAgent(agent) } });
	const tls = { ...(endpoint.ca && { ca: endpoint.ca }), ...endpoint.client };
	return new Dockerode({ ...nothing, ...tls, protocol, host, port, ...{ agent: new HttpsAgent(agent) } });
}
