/** How the end of a session is told, what is said of it before, and which failures are told elsewhere. */
import type { ErrorCode } from "../../server/protocol/errors.ts";
import type { ExpiryReason, SessionInfo, SessionState } from "../../server/protocol/session.ts";

export type Expiry = NonNullable<SessionInfo["expiry"]>;

const EXPIRED: Record<ExpiryReason, string> = {
	idle: "ended: idle for too long",
	detached: "ended: nobody looked at it for too long",
};
/** It is told a minute before. Whoever's clock shows more has a wrong one. */
const MOST_SECONDS = 90;

export function endingOf({ exitCode, expired, signal }: Extract<SessionState, { kind: "exited" }>): string {
	if (expired !== null) return EXPIRED[expired];
	return signal === null ? `ended with exit code ${exitCode}` : `ended by ${signal}`;
}

/** What a person reads who can still prevent it; counts down. */
export function expiryWords(name: string, { at, reason, afterMs }: Expiry, now: number): string {
	const long = durationWords(afterMs);
	const seconds = Math.ceil((at - now) / 1_000);
	const when = seconds > MOST_SECONDS || seconds < 1 ? "soon" : `in ${seconds} s`;
	return reason === "idle"
		? `“${name}” ends ${when}: nothing was typed or printed for ${long}. Type anything to keep it.`
		: `“${name}” ends ${when}: nobody has looked at it for ${long}. Open it to keep it.`;
}

/** In the largest unit that it is whole in. */
function durationWords(ms: number): string {
	const units = [
		[86_400_000, "day"],
		[3_600_000, "hour"],
		[60_000, "minute"],
		[1_000, "second"],
	] as const;
	const [size, unit] = units.find(([unitMs]) => ms % unitMs === 0) ?? [1_000, "second"];
	const count = Math.round(ms / size);
	return count === 1 ? `${unit === "hour" ? "an" : "a"} ${unit}` : `${count} ${unit}s`;
}

/** The same as a hint on a tab, which nobody reads twice. */
export function expiryHint({ reason }: Expiry): string {
	return reason === "idle" ? "ends soon unless something is typed or printed" : "ends soon unless it is opened";
}

/** Output that was not shown; `lines` are those that can be scrolled back to. */
export function skippedWords(name: string, lines: number): string {
	const kept = lines === 0 ? "Only what is on the screen now was kept." : `The last ${lines} lines above were kept.`;
	return `Some output of “${name}” was skipped: more was printed than is kept. ${kept}`;
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
