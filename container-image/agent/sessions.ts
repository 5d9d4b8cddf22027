/** All sessions of this container, whose they are, and how many each account may have. */
import { randomBytes } from "node:crypto";
import { BerthError } from "../../server/protocol/errors.ts";
import { SessionId, type Username } from "../../server/protocol/ids.ts";
import type { Account, LinkEvent } from "../../server/protocol/link.ts";
import type { SessionInfo, TerminalSize } from "../../server/protocol/session.ts";
import type { Place } from "./accounts.ts";
import { Session } from "./session.ts";
import type { Shells } from "./shells.ts";
import { forceEnd, TERMINATION_GRACE_MS, terminate, type Victims } from "./termination.ts";

/** Exited sessions that one account keeps for reading; the oldest goes first. */
const MAX_EXITED_PER_USER = 8;

export type OpenOptions = {
	account: Account;
	place: Place;
	name: string;
	size: TerminalSize;
	/** Sessions that the account may have running. */
	limit: number;
	replayBytes: number;
};

export type SessionsOptions = {
	shells: Shells;
	/** For every link. */
	onEvent(event: LinkEvent): void;
	/** The number of this account's running sessions is another one. */
	onCount(account: Account, home: string, running: number): void;
};

export class Sessions {
	readonly #options: SessionsOptions;
	readonly #byId = new Map<SessionId, Session>();
	/** Changed since the last event; told once per turn of the event loop. */
	readonly #changed = new Set<Session>();
	#tellChanged: NodeJS.Immediate | undefined;
	readonly #graces = new Set<NodeJS.Timeout>();

	constructor(options: SessionsOptions) {
		this.#options = options;
	}

	/** Running sessions of all accounts. */
	get running(): number {
		return [...this.#byId.values()].filter(({ isAlive }) => isAlive).length;
	}

	/** Starts the account's shell. Throws `BerthError` TOO_MANY_SESSIONS or SPAWN_FAILED. */
	open({ account, place, name, size, limit, replayBytes }: OpenOptions): Session {
		const { username } = account;
		if (this.runningOf(username) >= limit) throw new BerthError("TOO_MANY_SESSIONS", { detail: `${limit} at most` });
		const sessionId = SessionId.parse(randomBytes(16).toString("base64url"));
		const session = new Session({
			sessionId,
			account,
			home: place.home,
			name,
			replayBytes,
			pty: { ...this.#options.shells.describe(account, place, sessionId), size },
			onChanged: (changed) => this.#onChanged(changed),
			onExited: (exited) => this.#onExited(exited),
		});
		this.#giveTerminal(session);
		this.#byId.set(sessionId, session);
		this.#tellCount(session);
		this.#onChanged(session);
		return session;
	}

	/** Throws `BerthError` SESSION_NOT_FOUND, also for a session of somebody else. */
	find(username: Username, sessionId: SessionId): Session {
		const session = this.#byId.get(sessionId);
		if (session === undefined || session.username !== username) throw new BerthError("SESSION_NOT_FOUND");
		return session;
	}

	/** Oldest first. */
	list(username: Username): SessionInfo[] {
		return this.#of(username).map((session) => session.info());
	}

	runningOf(username: Username): number {
		return this.#of(username).filter(({ isAlive }) => isAlive).length;
	}

	/** Ends the session's processes and forgets it at once. */
	close(session: Session): void {
		if (session.isAlive) this.#terminate({ shellPid: session.shellPid });
		this.#forget(session);
	}

	/** Ends everything of the account: its sessions and, where it has a uid of its own, whatever else it runs. */
	evict(username: Username, uid: number | null): void {
		for (const session of this.#of(username)) this.close(session);
		if (uid !== null) this.#terminate({ uid });
	}

	/** Ends all sessions within `graceMs`. */
	async endAll(graceMs: number): Promise<void> {
		for (const grace of this.#graces) clearTimeout(grace);
		const shells = [...this.#byId.values()].filter(({ isAlive }) => isAlive);
		const graces = shells.map(({ shellPid }) => terminate({ shellPid }, graceMs));
		const deadline = performance.now() + graceMs;
		while (shells.some(({ isAlive }) => isAlive) && performance.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		for (const grace of graces) clearTimeout(grace);
		for (const { shellPid } of shells) forceEnd([], { shellPid });
		clearImmediate(this.#tellChanged);
	}

	#of(username: Username): Session[] {
		return [...this.#byId.values()].filter((session) => session.username === username);
	}

	#terminate(victims: Victims): void {
		const grace = terminate(victims);
		this.#graces.add(grace);
		setTimeout(() => this.#graces.delete(grace), TERMINATION_GRACE_MS).unref();
	}

	#forget(session: Session): void {
		this.#byId.delete(session.sessionId);
		session.detachAll();
		this.#changed.delete(session);
		const { username, sessionId } = session;
		this.#options.onEvent({ kind: "session-closed", username, sessionId });
		this.#tellCount(session);
	}

	/** Throws `BerthError` SPAWN_FAILED, and ends the shell, which nobody knows yet. */
	#giveTerminal({ account, terminalPath, shellPid }: Session): void {
		try {
			this.#options.shells.giveTerminal(account, terminalPath);
		} catch (cause) {
			this.#terminate({ shellPid });
			throw new BerthError("SPAWN_FAILED", { cause });
		}
	}

	#tellCount({ account, home, username }: Session): void {
		this.#options.onCount(account, home, this.runningOf(username));
	}

	#onExited(session: Session): void {
		if (!this.#isKnown(session)) return;
		const exited = this.#of(session.username).filter(({ isAlive }) => !isAlive);
		exited.sort((a, b) => (a.exitedAt ?? 0) - (b.exitedAt ?? 0));
		for (const oldest of exited.slice(0, -MAX_EXITED_PER_USER)) this.#forget(oldest);
		this.#tellCount(session);
	}

	/** False for a session that was closed: its program may end later. */
	#isKnown(session: Session): boolean {
		return this.#byId.get(session.sessionId) === session;
	}

	#onChanged(session: Session): void {
		if (!this.#isKnown(session)) return;
		this.#changed.add(session);
		this.#tellChanged ??= setImmediate(() => this.#tell());
	}

	#tell(): void {
		this.#tellChanged = undefined;
		const changed = [...this.#changed];
		this.#changed.clear();
		for (const session of changed) {
			this.#options.onEvent({ kind: "session-changed", username: session.username, session: session.info() });
		}
	}
}
