/** Who may do what to whom. The one place that decides; whatever is not allowed here is forbidden. */
import type { UserId } from "../protocol/ids.ts";
import type { Role } from "../protocol/sign-in.ts";

/** Who does something. */
export type Actor =
	| { kind: "user"; userId: UserId; role: Role }
	/** A program with an API token: it acts for the operators. */
	| { kind: "token"; name: string }
	/** `berth` on the gateway's own machine and files. */
	| { kind: "console" }
	/** The gateway itself: a time limit, a signal. */
	| { kind: "gateway" }
	/** Nobody is known yet. */
	| { kind: "nobody" };

/** Whom something is done to; null where it is Berth itself. */
export type Subject = UserId | null;

/** Whom each right is given to. `own`: to everybody on themselves. `operators`: on anybody. */
type Grant = "everybody" | "own" | "operators" | "own and operators" | "operators on others";

export const RIGHTS = {
	/** Sign in, accept an invitation, ask which ways in there are. */
	"sign-in": "everybody",
	/** Open, attach, type, close: nobody does that in another's name, operators included. */
	"terminal.use": "own",
	"account.read": "own and operators",
	"password.change": "own",
	/** Take over the files of the guest that one was. */
	"guest.adopt": "own",
	"sign-in.list": "own and operators",
	"sign-in.end": "own and operators",
	"secret.list": "own and operators",
	"secret.set": "own and operators",
	"secret.remove": "own and operators",
	"user.list": "operators",
	"user.add": "operators",
	/** Role, tier, switched off. Not on oneself: the last operator could lock everybody out. */
	"user.change": "operators on others",
	"user.reset": "operators",
	"token.manage": "operators",
	"audit.read": "operators",
	"secrets.rotate": "operators",
} as const satisfies Record<string, Grant>;

export type Action = keyof typeof RIGHTS;

export function may(actor: Actor, action: Action, subject: Subject): boolean {
	const isOwn = actor.kind === "user" && actor.userId === subject;
	switch (RIGHTS[action]) {
		case "everybody":
			return true;
		case "own":
			return isOwn;
		case "own and operators":
			return isOwn || isOperator(actor);
		case "operators":
			return isOperator(actor);
		case "operators on others":
			return isOperator(actor) && !isOwn;
	}
}

export function isOperator(actor: Actor): boolean {
	switch (actor.kind) {
		case "user":
			return actor.role === "operator";
		case "token":
		case "console":
		case "gateway":
			return true;
		case "nobody":
			return false;
	}
}

/** How an actor stands in the audit log, e.g. `user:k3v9…`, `token:deploy`, `console`. */
export function nameOfActor(actor: Actor): string {
	if (actor.kind === "user") return `user:${actor.userId}`;
	return actor.kind === "token" ? `token:${actor.name}` : actor.kind;
}
