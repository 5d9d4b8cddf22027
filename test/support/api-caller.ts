/** Asks a gateway's API as somebody who has signed in, as a guest, or with a token; signs in without any issuer. */
import { join } from "node:path";
import { ApiTokens } from "../../server/core/api-tokens.ts";
import { SignIns } from "../../server/core/sign-ins.ts";
import type { User } from "../../server/core/users.ts";
import {
	OPERATIONS,
	type OperationInput,
	type OperationName,
	type OperationResult,
} from "../../server/protocol/api.ts";
import type { ErrorCode, WireError } from "../../server/protocol/errors.ts";
import { Database } from "../../server/store/database.ts";
import { SqliteApiTokens } from "../../server/store/sqlite-api-tokens.ts";
import { SqliteSignIns } from "../../server/store/sqlite-sign-ins.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import type { GatewayProcess } from "./gateway-process.ts";

type Gateway = Pick<GatewayProcess, "base" | "dataDir">;

export type ApiReply<Name extends OperationName> = {
	status: number;
	/** Null where it went well. */
	code: ErrorCode | null;
	result: OperationResult<Name>;
	error: WireError;
	cookies: string[];
	/** As it came. */
	text: string;
};

/** `headers`: what proves who asks. */
export class ApiCaller {
	readonly #base: string;
	readonly #headers: Record<string, string>;

	static asBrowser({ base }: Gateway, cookie: string): ApiCaller {
		return new ApiCaller(base, { cookie, origin: base });
	}

	/** A program of the operators. */
	static asProgram(gateway: Gateway, name = "test"): ApiCaller {
		using database = new Database(join(gateway.dataDir, "berth.sqlite"));
		const token = new ApiTokens(new SqliteApiTokens(database)).add(name, "console");
		return new ApiCaller(gateway.base, { authorization: `Bearer ${token}` });
	}

	private constructor(base: string, headers: Record<string, string>) {
		this.#base = base;
		this.#headers = headers;
	}

	async call<Name extends OperationName>(name: Name, input: OperationInput<Name>): Promise<ApiReply<Name>> {
		const { method, path } = OPERATIONS[name];
		const rest = new Map(Object.entries(input));
		const place = path.replace(/:(\w+)/g, (_part, key: string) => {
			const value = String(rest.get(key));
			rest.delete(key);
			return encodeURIComponent(value);
		});
		const hasBody = method !== "GET" && method !== "DELETE";
		return await this.send(method, place, hasBody ? JSON.stringify(Object.fromEntries(rest)) : undefined);
	}

	/** What no client would send, too. */
	async send<Name extends OperationName>(method: string, path: string, body?: string): Promise<ApiReply<Name>> {
		const response = await fetch(`${this.#base}/api/v1${path}`, {
			method,
			headers: { ...this.#headers, ...(body !== undefined && { "content-type": "application/json" }) },
			...(body !== undefined && { body }),
		});
		const text = await response.text();
		const value = JSON.parse(text);
		const code = response.ok ? null : (Object(Object(value).error ?? value).code ?? "INTERNAL");
		const cookies = response.headers.getSetCookie();
		return { status: response.status, code, result: value, error: value.error ?? value, cookies, text };
	}
}

/** Of a gateway that lets members in, and guests. */
export const WITH_MEMBERS = { SIGN_IN: "password,anonymous" };

/** Somebody who has signed in; returns the cookie of the sign-in. */
export function signIn(gateway: Gateway, subject: string, role: User["role"] = "user"): { user: User; cookie: string } {
	using database = new Database(join(gateway.dataDir, "berth.sqlite"));
	const users = new SqliteUsers(database);
	const { userId } = users.remember({ issuer: "test", subject, displayName: subject }, Date.now());
	const user = users.change(userId, { role });
	if (user === null) throw new Error("the user is not there");
	const hour = 3_600_000;
	using signIns = new SignIns({
		store: new SqliteSignIns(database),
		idleMs: hour,
		longestMs: hour,
		present: () => [],
		onEnded: () => {},
	});
	const facts = { userId, method: "password", address: "127.0.0.1", device: "test", issuerSession: null } as const;
	return { user, cookie: `berth_sign_in=${signIns.begin(facts).token}` };
}
