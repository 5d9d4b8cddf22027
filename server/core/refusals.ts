/** Sign-ins that were not accepted: whoever asks learns that, the operator learns why. */
import { BerthError, type ErrorCode } from "../protocol/errors.ts";
import type { SignInMethod } from "../protocol/sign-in.ts";
import type { AuditLog } from "./audit.ts";
import type { RequestFacts } from "./authenticator.ts";

/**
 * A SIGN_IN_REFUSED that is told without its reason. `reason` is for the operator: a sentence of ours, with no token and
 * nothing that a stranger wrote.
 */
export function refusal(reason: string, cause?: unknown): BerthError {
	return new BerthError("SIGN_IN_REFUSED", { cause: new Error(reason, { cause }) });
}

/** Writes down that somebody was not let in. */
export function recordRefusal(
	audit: AuditLog,
	{ method, request, thrown }: { method: SignInMethod; request: RequestFacts | null; thrown: unknown },
): void {
	const result: ErrorCode = thrown instanceof BerthError ? thrown.code : "INTERNAL";
	audit.record({
		actor: "nobody",
		address: request?.address ?? null,
		action: "signed-in",
		subject: null,
		result,
		details: { method, reason: reasonOf(thrown) },
	});
}

/** Null where it is no refusal of ours: other errors may hold what came from outside. */
export function reasonOf(thrown: unknown): string | null {
	const isRefusal = thrown instanceof BerthError && thrown.code === "SIGN_IN_REFUSED";
	return isRefusal && thrown.cause instanceof Error ? thrown.cause.message : null;
}
