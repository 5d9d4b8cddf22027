/** How the end of a session is told, and which failures are told elsewhere. */
import type { ErrorCode } from "../../server/protocol/errors.ts";
import type { SessionState } from "../../server/protocol/session.ts";

export function endingOf({ exitCode, signal }: Extract<SessionState, { kind: "exited" }>): string {
	return signal === null ? `ended with exit code ${exitCode}` : `ended by ${signal}`;
}

/** Nobody answered, which says nothing about the request: it is made again. */
export const OUT_OF_REACH: ReadonlySet<ErrorCode> = new Set(["LINK_BROKEN", "SESSION_NOT_ATTACHED"]);

const SHOWN_BY_COVER: ReadonlySet<ErrorCode> = new Set([
	"POOL_FULL",
	"POOL_STARTING",
	"CONTAINER_RESTARTING",
	"CONTAINER_FAILED",
	"ENGINE_UNREACHABLE",
	"IMAGE_MISSING",
	"NOT_HARDENED",
]);

/** The cover over the terminal says these already, and goes when the gateway has a place again. */
export function isShownByCover(code: ErrorCode): boolean {
	return SHOWN_BY_COVER.has(code);
}
