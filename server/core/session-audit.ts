/** Writes down which sessions were opened, attached to and ended, and by whom. Never what is in them. */
import type { SessionId, UserId, Username } from "../protocol/ids.ts";
import type { UserEvent } from "../protocol/link.ts";
import type { SessionInfo } from "../protocol/session.ts";
import type { AuditEvent, AuditLog } from "./audit.ts";
import { LineBudget } from "./line-budget.ts";
import { PerMinute } from "./per-minute.ts";

/** Somebody at a page. */
export type AtPage = { userId: UserId; address: string };

/** Where a session is. `container`: its name. */
export type Whereabouts = { sessionId: SessionId; container: string };

export type SessionAuditOptions = {
	audit: AuditLog;
	/** Null where nobody has this name. */
	userIdOf(username: Username): UserId | null;
	/** Unix time, ms. */
	now?(): number;
};

type SessionAction = "session.opened" | "session.attached" | "session.ended";

/** What one person does in a minute at the pages that they have. */
const LINES_PER_USER_AND_MINUTE = 100;
/** Ended sessions that are remembered, so that each is written down once. Beyond it the oldest may be twice. */
const MAX_ENDED = 10_000;

export class SessionAudit {
	readonly #options: SessionAuditOptions;
	readonly #budget: LineBudget;
	/** Those that had ended before are not news. */
	readonly #startedAt: number;
	readonly #ended = new Set<SessionId>();

	constructor(options: SessionAuditOptions) {
		this.#options = options;
		const now = options.now ?? Date.now;
		this.#budget = new LineBudget(LINES_PER_USER_AND_MINUTE, new PerMinute(now));
		this.#startedAt = now();
	}

	opened(by: AtPage, where: Whereabouts): void {
		this.#record("session.opened", by, where, {});
	}

	attached(by: AtPage, where: Whereabouts): void {
		this.#record("session.attached", by, where, {});
	}

	/** Its owner closes it. To be called before it is closed; `undo` where it could not be. */
	closing(by: AtPage, where: Whereabouts): { done(): void; undo(): void } {
		const { sessionId } = where;
		// One that has exited has ended already, however long it could still be read.
		if (this.#ended.has(sessionId)) return { done() {}, undo() {} };
		this.#remember(sessionId);
		return {
			done: () => this.#record("session.ended", by, where, { why: "closed" }),
			undo: () => this.#ended.delete(sessionId),
		};
	}

	/** The container is gone, and its sessions with it. */
	lost({ userId }: Pick<AtPage, "userId">, where: Whereabouts): void {
		if (this.#ended.has(where.sessionId)) return;
		this.#remember(where.sessionId);
		this.#record("session.ended", { userId, address: null }, where, { why: "container-lost" });
	}

	/** News of a session that came from its container. */
	onUserEvent(event: UserEvent, container: string): void {
		if (event.kind === "session-closed") this.#onClosed(event, container);
		else if (event.kind === "session-changed") this.#onChanged(event, container);
	}

	#onClosed({ username, sessionId }: { username: Username; sessionId: SessionId }, container: string): void {
		// It is never heard of again.
		if (this.#ended.delete(sessionId)) return;
		this.#recordEnd(username, { sessionId, container }, { why: "ended-by-gateway" });
	}

	#onChanged({ username, session }: { username: Username; session: SessionInfo }, container: string): void {
		const { sessionId, state } = session;
		if (state.kind !== "exited" || this.#ended.has(sessionId)) return;
		this.#remember(sessionId);
		if (state.at < this.#startedAt) return;
		const { exitCode, expired, signal } = state;
		this.#recordEnd(username, { sessionId, container }, { why: expired ?? "exited", exitCode, signal });
	}

	#recordEnd(username: Username, where: Whereabouts, details: AuditEvent["details"]): void {
		const userId = this.#options.userIdOf(username);
		if (userId !== null) this.#record("session.ended", { userId, address: null }, where, details);
	}

	#remember(sessionId: SessionId): void {
		this.#ended.add(sessionId);
		const [oldest] = this.#ended;
		if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
	}

	#record(
		action: SessionAction,
		{ userId, address }: { userId: UserId; address: string | null },
		{ sessionId, container }: Whereabouts,
		more: AuditEvent["details"],
	): void {
		// Without an address nobody asked for it: it ended by itself.
		const actor = address === null ? "gateway" : `user:${userId}`;
		const details = { sessionId, container, ...more };
		const event = this.#budget.admit(userId, { actor, address, action, subject: userId, result: "done", details });
		if (event !== null) this.#options.audit.record(event);
	}
}
