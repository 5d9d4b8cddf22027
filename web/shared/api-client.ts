/** Calls the gateway's API as the person at this browser. */
import type { OperationInput, OperationName, OperationResult } from "../../server/protocol/api.ts";
import { ERROR_TABLE, type ErrorCode, isErrorCode, type WireError } from "../../server/protocol/errors.ts";
import { API_PATH, OPERATION_PLACES } from "../../server/protocol/operation-places.ts";

/** What a call is refused with. */
export class ApiFailure extends Error {
	override readonly name = "ApiFailure";
	readonly error: WireError;

	constructor(error: WireError) {
		super(error.message);
		this.error = error;
	}
}

/** Gateways answer within this, ms, files that are handed over included; whatever takes longer is broken. */
const ANSWER_LIMIT_MS = 60_000;

/** Throws `ApiFailure` where the gateway refuses, or does not answer. */
export async function call<Name extends OperationName>(
	name: Name,
	input: OperationInput<Name>,
): Promise<OperationResult<Name>> {
	const { method, path } = OPERATION_PLACES[name];
	const { address, rest } = addressOf(path, input);
	const isInQuery = method === "GET" || method === "DELETE";
	if (isInQuery) for (const [key, value] of Object.entries(rest)) address.searchParams.set(key, String(value));
	const ask = async (): Promise<Response | null> =>
		await fetch(address, {
			method,
			signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
			...(!isInQuery && { headers: { "content-type": "application/json" }, body: JSON.stringify(rest) }),
		}).catch(() => null);
	// Browsers drop what is on its way when a network comes or goes. To look again does no harm.
	const response = (await ask()) ?? (method === "GET" ? await ask() : null);
	if (response === null) throw new ApiFailure(NO_ANSWER);
	const answer: unknown = await response.json().catch(() => null);
	if (!response.ok || answer === null) throw new ApiFailure(errorIn(answer));
	// The gateway checked it by the table that says what it is.
	return answer as OperationResult<Name>;
}

/** An error as the table tells it, for codes that come without their words. */
export function errorOf(code: ErrorCode): WireError {
	const { action, isRetryable, message } = ERROR_TABLE[code];
	return { code, message, action, isRetryable };
}

/** Pages lie beside the API, also below a sub-path. Parts of the path are taken from the input. */
function addressOf(path: string, input: object): { address: URL; rest: Record<string, unknown> } {
	const rest: Record<string, unknown> = { ...input };
	const filled = path.replaceAll(/:(\w+)/g, (_, key: string) => {
		const part = String(rest[key]);
		delete rest[key];
		return encodeURIComponent(part);
	});
	return { address: new URL(`.${API_PATH}${filled}`, location.href), rest };
}

/** Something else between page and gateway may have answered. */
function errorIn(answer: unknown): WireError {
	const { code, ...words } = Object(Object(answer).error);
	if (!isErrorCode(code)) return NO_ANSWER;
	const { message, retryAfterMs } = words;
	return {
		...errorOf(code),
		...(typeof message === "string" && { message }),
		...(typeof retryAfterMs === "number" && { retryAfterMs }),
	};
}

const NO_ANSWER: WireError = {
	code: "LINK_BROKEN",
	message: "The gateway did not answer.",
	action: "Check the connection and try again.",
	isRetryable: true,
};
