/** Asks the API as a page of the gateway does, with a cookie or without. */
import {
	OPERATIONS,
	type OperationInput,
	type OperationName,
	type OperationResult,
} from "../../server/protocol/api.ts";

export type ApiAnswer<Name extends OperationName> = {
	status: number;
	/** Undefined where it was refused. */
	result: OperationResult<Name> | undefined;
	/** Code of why not; undefined where it was done. */
	refused: string | undefined;
	/** `Set-Cookie` lines. */
	cookies: string[];
};

/** For operations whose path names nobody. */
export async function askApi<Name extends OperationName>(
	base: string,
	name: Name,
	input: OperationInput<Name>,
	headers: Record<string, string> = {},
): Promise<ApiAnswer<Name>> {
	const { method, path } = OPERATIONS[name];
	const hasBody = method !== "GET" && method !== "DELETE";
	const answer = await fetch(`${base}/api/v1${path}`, {
		method,
		headers: { origin: new URL(base).origin, ...(hasBody && { "content-type": "application/json" }), ...headers },
		...(hasBody && { body: JSON.stringify(input) }),
	});
	const body = (await answer.json()) as OperationResult<Name> & { error?: { code: string } };
	const cookies = answer.headers.getSetCookie();
	const { status } = answer;
	return { status, result: answer.ok ? body : undefined, refused: body.error?.code, cookies };
}

/** Of `Set-Cookie` lines what a browser sends back: the cookies that were given a value. */
export function cookieOf(lines: readonly string[]): string {
	const pairs = lines.filter((line) => !/max-age=0/i.test(line)).map((line) => line.split(";", 1)[0]);
	return pairs.join("; ");
}
