/** A browser without a page: keeps the cookies that it is given, and asks the API as a page of the gateway's would. */
import assert from "node:assert/strict";
import {
	API_PATH,
	OPERATIONS,
	type OperationInput,
	type OperationName,
	type OperationResult,
} from "../../server/protocol/api.ts";
import type { ErrorCode, WireError } from "../../server/protocol/errors.ts";

export type ApiReply<Result> = { status: number } & ({ ok: true; result: Result } | { ok: false; error: WireError });

export class ApiClient {
	readonly base: string;
	readonly cookies = new Map<string, string>();
	/** Sent with each request, besides the cookies. */
	readonly headers: Record<string, string>;

	constructor(base: string, headers: Record<string, string> = {}) {
		this.base = base;
		this.headers = { origin: new URL(base).origin, ...headers };
	}

	/** The `Cookie` header. */
	get cookie(): string {
		return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
	}

	async call<Name extends OperationName>(
		name: Name,
		input: OperationInput<Name>,
	): Promise<ApiReply<OperationResult<Name>>> {
		const { method, path } = OPERATIONS[name];
		const rest: Record<string, unknown> = { ...input };
		const place = path.replace(/:(\w+)/g, (_match, key: string) => {
			const value = String(rest[key]);
			delete rest[key];
			return encodeURIComponent(value);
		});
		const hasBody = method !== "GET" && method !== "DELETE";
		const query = hasBody
			? ""
			: `?${new URLSearchParams(Object.entries(rest).map(([key, value]) => [key, String(value)]))}`;
		const response = await this.fetch(`${API_PATH}${place}${query}`, {
			method,
			...(hasBody && { body: JSON.stringify(rest), headers: { "content-type": "application/json" } }),
		});
		const { status } = response;
		const answer: unknown = await response.json();
		if (!response.ok) return { status, ok: false, error: Object(answer).error };
		return { status, ok: true, result: OPERATIONS[name].result.parse(answer) as OperationResult<Name> };
	}

	/** As `call`, for what must succeed. */
	async ask<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<OperationResult<Name>> {
		const reply = await this.call(name, input);
		assert.ok(reply.ok, `${name}: ${JSON.stringify(reply)}`);
		return reply.result;
	}

	/** As `call`, for what must fail: returns the error's code. */
	async refusal<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<ErrorCode> {
		const reply = await this.call(name, input);
		assert.ok(!reply.ok, `${name} was done`);
		return reply.error.code;
	}

	/** Any request, with the cookies; keeps those that come. */
	async fetch(path: string, options: RequestInit = {}): Promise<Response> {
		const cookie = this.cookie;
		const headers = { ...this.headers, ...(cookie !== "" && { cookie }), ...Object(options.headers) };
		const response = await fetch(`${this.base}${path}`, { redirect: "manual", ...options, headers });
		for (const line of response.headers.getSetCookie()) this.#keep(line);
		return response;
	}

	#keep(line: string): void {
		const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
		if (/; Max-Age=0(;|$)/i.test(line)) this.cookies.delete(name);
		else this.cookies.set(name, value);
	}
}
