/** What the page does where the gateway says that it was too much: it waits for as long as it is told, and asks again. */
import type { WireError } from "../../server/protocol/errors.ts";

/** Waiting longer than this in all is worth a word to the person. */
const MOST_WAITS = 3;
/** The gateway counts over ten seconds, and never says more. */
const LONGEST_WAIT_MS = 15_000;

/** How long to wait before the request is made again; null where that was done often enough, or would not help. */
export function waitBeforeAgain({ code, retryAfterMs }: WireError, waits: number): number | null {
	if (code !== "RATE_LIMITED" || retryAfterMs === undefined || waits >= MOST_WAITS) return null;
	return Math.min(retryAfterMs, LONGEST_WAIT_MS);
}

/** Socket.IO's error, with what each of its layers adds. */
export type ConnectError = Error & {
	/** What the gateway said to a page that it knew. */
	data?: WireError;
	/** The last request, where the gateway said no before there was a connection. */
	context?: { responseText?: unknown };
};

/** Why the gateway did not let the page in; undefined where it did not say. */
export function refusalIn({ context, data }: ConnectError): WireError | undefined {
	if (data !== undefined) return data;
	if (typeof context?.responseText !== "string") return undefined;
	try {
		const { error } = JSON.parse(context.responseText);
		return isWireError(error) ? error : undefined;
	} catch {
		// Something else between page and gateway answered.
		return undefined;
	}
}

function isWireError(value: unknown): value is WireError {
	const { action, code, isRetryable, message } = Object(value);
	return [action, code, message].every((text) => typeof text === "string") && typeof isRetryable === "boolean";
}
