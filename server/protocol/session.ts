/** A session as the agent reports it and as the page shows it: the one description on both wires. */
import { z } from "zod";
import { textUpTo } from "./bounded.ts";
import { SessionId } from "./ids.ts";
import { MAX_COLS, MAX_ROWS, MAX_SESSION_NAME_LENGTH, SESSION_SIGNALS } from "./limits.ts";

/** Number of bytes from the start of a session's output or input. Exact up to 2^53, which is 9 PB. */
export const ByteOffset = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Terminal size in character cells. */
export const TerminalSize = z.object({
	cols: z.number().int().min(2).max(MAX_COLS),
	rows: z.number().int().min(1).max(MAX_ROWS),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

/** The terminal has this size from this byte of output on: a page's terminal takes it there, not earlier or later. */
export const OutputSize = TerminalSize.extend({ offset: ByteOffset });
export type OutputSize = z.infer<typeof OutputSize>;

/** Why a session was or will be ended by the agent: neither input nor output, or no page attached, for too long. */
export const ExpiryReason = z.enum(["idle", "detached"]);
export type ExpiryReason = z.infer<typeof ExpiryReason>;

/** What the user calls a session. Control characters are refused, so that a name can be printed anywhere. */
export const SessionName = textUpTo(MAX_SESSION_NAME_LENGTH).regex(/^\P{C}+$/u, "must not contain control characters");

export const SessionSignal = z.enum(SESSION_SIGNALS);
export type SessionSignal = z.infer<typeof SessionSignal>;

/**
 * Where a session is in its life: `starting → running ⇄ detached → exited`. `starting` is never seen on a wire: a
 * request to open is answered when the shell runs. `detached` is running with no page looking. `exited` sessions stay
 * readable until they are closed.
 */
export const SessionState = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("running"), /** Pages attached now. */ attached: z.number().int().min(1) }),
	z.object({ kind: z.literal("detached"), /** Unix time, ms. */ since: z.number() }),
	z.object({
		kind: z.literal("exited"),
		/** Unix time, ms. */
		at: z.number(),
		/** Exit status of the shell; null where a signal ended it. */
		exitCode: z.number().int().nullable(),
		/** Name of the signal that ended the shell, e.g. `SIGKILL`; null where it exited. */
		signal: z.string().nullable(),
		/** Set where the agent ended it because it had expired. */
		expired: ExpiryReason.nullable(),
	}),
]);
export type SessionState = z.infer<typeof SessionState>;

export const SessionInfo = z.object({
	sessionId: SessionId,
	name: SessionName,
	state: SessionState,
	size: TerminalSize,
	/** Offset of the output from which the terminal has this size. */
	sizedAt: ByteOffset,
	/** Set shortly before the session expires: when it will be ended (Unix time, ms), why, and after how long of it. */
	expiry: z.object({ at: z.number(), reason: ExpiryReason, afterMs: z.number() }).nullable(),
	/** Unix time, ms. */
	createdAt: z.number(),
	/** Bytes of output so far. For an exited session this is all there will ever be. */
	outputEnd: ByteOffset,
	/** Oldest byte of output that a page can resume from. */
	outputStart: ByteOffset,
});
export type SessionInfo = z.infer<typeof SessionInfo>;
