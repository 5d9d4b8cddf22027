/** What is written down of who did what, and the port that keeps it. Never what was typed, printed, or a secret. */
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

/** The port that keeps the log. */
export interface AuditLog {
	/** Never throws: what cannot be written is told in the gateway's log. */
	record(event: AuditEvent): void;
}
