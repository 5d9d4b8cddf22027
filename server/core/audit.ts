/** What is written down of who did what, and the port that keeps it. Never what was typed, printed, or a secret. */
import type { AuditLine, AuditVerdict } from "../protocol/api.ts";
import type { ErrorCode } from "../protocol/errors.ts";

export const AUDIT_ACTIONS = [
	"gateway.started",
	"gateway.stopped",
	"gateway.reloaded",
	"signed-in",
	"signed-out",
	"sign-in.ended",
	"session.opened",
	"session.attached",
	"session.ended",
	"limit.hit",
	"user.added",
	"user.changed",
	"user.reset",
	"invitation.accepted",
	"password.changed",
	"guest.adopted",
	"secret.set",
	"secret.removed",
	"secrets.rotated",
	"token.added",
	"token.revoked",
	"audit.pruned",
	"api.refused",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** One thing that happened, or was refused. */
export type AuditEvent = {
	/** `nameOfActor`. */
	actor: string;
	/** Where it came from, as `clientAddresses` counts it; null where it came from no network. */
	address: string | null;
	action: AuditAction;
	/** `userId` of whom it was done to, or another thing's name; null where it was Berth itself. */
	subject: string | null;
	/** `done`, or the code of why not. */
	result: "done" | ErrorCode;
	/** Short facts without secrets or content, e.g. which method, which session. */
	details: Readonly<Record<string, string | number | boolean | null>>;
};

/** What whoever does something needs of the log. */
export interface AuditLog {
	/**
	 * Never throws: what cannot be written is told in the gateway's log. Sign-ins that succeed and what operators do is
	 * written when this returns; what happens often (`isWrittenLater`) a moment later, together with all of that moment.
	 */
	record(event: AuditEvent): void;
}

/** The port that keeps the log: append-only, each line bound to the one before. */
export interface AuditTrail extends AuditLog {
	/** Lines after this number, oldest first. */
	read(after: number, limit: number): AuditLine[];

	/** Number of the newest line; 0 where there was never one. */
	head(): number;

	/** Whether any line was changed, or is missing. Lets other work through meanwhile. */
	verify(): Promise<AuditVerdict>;

	/**
	 * Removes some of the oldest lines, those written before `before` (Unix time, ms), and writes down that it did.
	 * Returns how many: to be called again until it is 0.
	 */
	prune(before: number): number;
}

/**
 * Things that happen often, or that anybody can cause. If the gateway is killed within the same moment, their lines are
 * lost.
 */
export function isWrittenLater({ action, result }: AuditEvent): boolean {
	return result !== "done" || action.startsWith("session.");
}
