/** Acts through the gateway's HTTP API. */
import { z } from "zod";
import {
	API_PATH,
	OPERATIONS,
	type OperationInput,
	type OperationName,
	type OperationResult,
	type OperationShape,
} from "../protocol/api.ts";
import { type Client, Refusal, Trouble } from "./client.ts";

/** To look through a long audit log takes a while. */
const ANSWER_LIMIT_MS = 10 * 60 * 1000;
const PROBE_LIMIT_MS = 10_000;

const ErrorAnswer = z.object({
	error: z.object({
		code: z.string(),
		message: z.string(),
		action: z.string(),
		isRetryable: z.boolean(),
		retryAfterMs: z.number().optional(),
	}),
});

/** What answers at an address. `refused`: nothing does. */
export type Probe = { kind: "gateway" } | { kind: "refused" } | { kind: "other"; why: string };

export async function probe(url: string): Promise<Probe> {
	try {
		const response = await fetch(`${url}/healthz`, {
			redirect: "manual",
			signal: AbortSignal.timeout(PROBE_LIMIT_MS),
		});
		const body: unknown = await response.json().catch(() => null);
		if (response.ok && Object(body).status === "ok") return { kind: "gateway" };
		return { kind: "other", why: `it answers ${response.status}, which is no gateway's answer` };
	} catch (error) {
		return isRefused(error) ? { kind: "refused" } : { kind: "other", why: whyNot(error) };
	}
}

export class HttpClient implements Client {
	readonly place: string;
	readonly #url: string;
	readonly #token: string;

	/** `url` without a slash at its end. */
	constructor(url: string, token: string) {
		this.place = `the gateway at ${url}`;
		this.#url = url;
		this.#token = token;
	}

	async call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>> {
		const operation: OperationShape = OPERATIONS[name];
		const { path, rest } = placed(operation.path, input);
		const isInQuery = operation.method === "GET" || operation.method === "DELETE";
		const url = new URL(`${this.#url}${API_PATH}${path}`);
		if (isInQuery) for (const [key, value] of Object.entries(rest)) url.searchParams.set(key, String(value));
		const answer = await this.#ask(url, operation.method, isInQuery ? null : JSON.stringify(rest));
		const result = operation.result.safeParse(answer);
		if (result.success) return result.data as OperationResult<Name>;
		throw new Trouble(
			`${this.place} answers in a way that is not understood here`,
			"Use the `berth` that came with the gateway.",
			{ cause: result.error },
		);
	}

	[Symbol.dispose](): void {}

	/** A redirect would carry the token elsewhere. */
	async #ask(url: URL, method: string, body: string | null): Promise<unknown> {
		let response: Response;
		try {
			response = await fetch(url, {
				...{ method, body, redirect: "manual", signal: AbortSignal.timeout(ANSWER_LIMIT_MS) },
				headers: {
					authorization: `Bearer ${this.#token}`,
					...(body !== null && { "content-type": "application/json" }),
				},
			});
		} catch (error) {
			throw new Trouble(`${this.place} does not answer: ${whyNot(error)}`, "Try again; see the gateway's log.", {
				cause: error,
			});
		}
		const answer: unknown = await response.json().catch(() => null);
		if (response.ok) return answer;
		const refusal = ErrorAnswer.safeParse(answer);
		if (refusal.success) throw new Refusal(withoutUndefined(refusal.data.error));
		throw new Trouble(`${this.place} answers ${response.status}`, "Is there something else at this address?");
	}
}

/** Puts what the path names into it. What is null or left out need not be said. */
function placed(template: string, input: object): { path: string; rest: Record<string, unknown> } {
	const rest = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
	const path = template.replaceAll(/:(\w+)/g, (_, key: string) => {
		const value = String(rest[key]);
		delete rest[key];
		return encodeURIComponent(value);
	});
	return { path, rest };
}

function withoutUndefined({ retryAfterMs, ...reason }: z.infer<typeof ErrorAnswer>["error"]): Refusal["reason"] {
	return { ...reason, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

function isRefused(error: unknown): boolean {
	return Object(Object(error).cause).code === "ECONNREFUSED";
}

/** `fetch` keeps the reason in its cause. */
function whyNot(error: unknown): string {
	const { cause } = Object(error);
	const { code, message } = Object(cause ?? error);
	return String(message || code || error);
}
