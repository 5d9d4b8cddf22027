/** Writes down who ran into which limit, once a minute: whoever floods must not fill the log as well. */
import { BerthError, type ErrorCode } from "../protocol/errors.ts";
import type { AuditLog } from "./audit.ts";
import { PerMinute } from "./per-minute.ts";
import { type Actor, nameOfActor } from "./rights.ts";

/** Who was refused. `address` is null where it is not known, or came from no network. */
export type Refused = { actor: Actor; address: string | null };

/** Attempts to sign in are not among them: they are counted, and written down, by account as well. */
const LIMITS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
	"RATE_LIMITED",
	"TOO_MANY_CONNECTIONS",
	"TOO_MANY_PAGES",
	"TOO_MANY_SESSIONS",
]);

export class LimitAudit {
	readonly #audit: AuditLog;
	readonly #seen: PerMinute;

	constructor(audit: AuditLog, seen = new PerMinute()) {
		this.#audit = audit;
		this.#seen = seen;
	}

	/** Whatever was thrown; nothing is written where it is no limit. `what` was asked for. */
	note(thrown: unknown, { actor, address }: Refused, what: string): void {
		if (!(thrown instanceof BerthError) || !LIMITS.has(thrown.code)) return;
		const name = nameOfActor(actor);
		const who = actor.kind === "nobody" ? `${address}` : name;
		if (this.#seen.count(`${who} ${thrown.code}`) > 1) return;
		const subject = actor.kind === "user" ? actor.userId : null;
		this.#audit.record({
			...{ actor: name, address, action: "limit.hit", subject },
			...{ result: thrown.code, details: { what } },
		});
	}
}
