/** A session as the agent reports it and as the page shows it: the one description on both wires. */
import { z } from "zod";
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

/** What the user calls a session. Control characters are refused, so that a name can be printed anywhere. */
export const SessionName = z
	.string()
	.min(1)
	.max(MAX_SESSION_NAME_LENGTH)
	.regex(/^\P{C}+$/u, "must not contain control characters");

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
	}),
]);
export type SessionState = z.infer<typeof SessionState>;

export const SessionInfo = z.object({
	sessionId: SessionId,
	name: SessionName,
	state: SessionState,
	size: TerminalSize,
	/** Unix time, ms. */
	createdAt: z.number(),
	/** Bytes of output so far. For an exited session this is all there will ever be. */
	outputEnd: ByteOffset,
	/** Oldest byte of output that can still be replayed. */
	outputStart: ByteOffset,
});
export type SessionInfo = z.infer<typeof SessionInfo>;
