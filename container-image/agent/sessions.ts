/** All sessions of this container, whose they are, and how many each account may have. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../../server/protocol/errors.ts";
import { SessionId, type Username } from "../../server/protocol/ids.ts";
import type { Account, LinkEvent } from "../../server/protocol/link.ts";
import type { SessionInfo, TerminalSize } from "../../server/protocol/session.ts";
import type { Place } from "./accounts.ts";
import type { Launcher } from "./launcher.ts";
import type { Timeouts } from "./lifetime.ts";
import type { Log } from "./log.ts";
import { startOnTerminal, type TerminalProgram } from "./pty.ts";
import type { SnapshotMaker } from "./screen/snapshot-job.ts";
import { Session } from "./session.ts";
import type { Shells } from "./shells.ts";
import { Terminator } from "./termination.ts";

/** Exited sessions that one account keeps for reading; the oldest goes first. */
const MAX_EXITED_PER_USER = 8;

/** How often the end of all sessions is looked for. */
const POLL_MS = 10;
/** How often sessions are looked at for pages that stall, and for their own end. */
const REVIEW_MS = 1_000;

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
	launcher: Launcher;
	shells: Shells;
	snapshots: SnapshotMaker;
	log: Log;
	/** For every link. */
	onEvent(event: LinkEvent): void;
	/** The number of this account's running sessions is another one. */
	onCount(account: Account, home: string, running: number): void;
};

export class Sessions {
	readonly #options: SessionsOptions;
	readonly #byId = new Map<SessionId, Session>();
	readonly #starting = new Set<{ username: Username }>();
	/** Changed since the last event; told once per turn of the event loop. */
	readonly #changed = new Set<Session>();
	#tellChanged: NodeJS.Immediate | undefined;
	readonly #terminator = new Terminator();
	#timeouts: Timeouts = { sessionIdleMs: Number.POSITIVE_INFINITY, sessionDetachedMs: Number.POSITIVE_INFINITY };
	#review: NodeJS.Timeout | undefined;

	constructor(options: SessionsOptions) {
		this.#options = options;
	}

	/** Running sessions of all accounts. */
	get running(): number {
		return [...this.#byId.values()].filter(({ isAlive }) => isAlive).length;
	}

	/** How long sessions may go on unused, from now on. */
	setTimeouts(timeouts: Timeouts): void {
		this.#timeouts = timeouts;
	}

	/** Starts the account's shell. Throws `BerthError` TOO_MANY_SESSIONS or SPAWN_FAILED. */
	async open(options: OpenOptions): Promise<Session> {
		const { account, place, name, size, replayBytes } = options;
		const { shells, snapshots } = this.#options;
		const sessionId = SessionId.parse(randomBytes(16).toString("base64url"));
		const session = new Session({
			sessionId,
			account,
			home: place.home,
			name,
			replayBytes,
			snapshots,
			owner: shells.ownerOf(account),
			program: await this.#startShell(options, sessionId),
			size,
			onChanged: (changed) => this.#onChanged(changed),
			onResized: (resized) => this.#onResized(resized),
			onExited: (exited) => this.#onExited(exited),
		});
		this.#byId.set(sessionId, session);
		this.#review ??= setInterval(() => this.#reviewAll(), REVIEW_MS);
		this.#options.log.info({ username: account.username, sessionId, pid: session.shell.pid }, "session opened");
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

	/** Those that are being started count. */
	runningOf(username: Username): number {
		const starting = [...this.#starting].filter((each) => each.username === username);
		return starting.length + this.#of(username).filter(({ isAlive }) => isAlive).length;
	}

	/** Ends the session's processes and forgets it at once. */
	close(session: Session): void {
		this.#forget(session);
		if (session.isAlive) this.#endLeftovers(session);
	}

	/** Ends everything of the account: its sessions and, where it has a uid of its own, whatever else it runs. */
	evict(username: Username, uid: number | null): void {
		for (const session of this.#of(username)) {
			if (uid === null) this.close(session);
			else this.#forget(session);
		}
		if (uid !== null) this.#terminator.begin({ uid });
	}

	/** Ends all sessions within `graceMs`, and whatever was being ended. */
	async endAll(graceMs: number): Promise<void> {
		const alive = [...this.#byId.values()].filter(({ isAlive }) => isAlive);
		for (const { shell } of alive) this.#terminator.begin({ shell });
		const deadline = performance.now() + graceMs;
		while (alive.some(({ isAlive }) => isAlive) && performance.now() < deadline) await sleep(POLL_MS);
		await this.#terminator.finish();
		this.#stopReviews();
		clearImmediate(this.#tellChanged);
	}

	#stopReviews(): void {
		clearInterval(this.#review);
		this.#review = undefined;
	}

	#of(username: Username): Session[] {
		return [...this.#byId.values()].filter((session) => session.username === username);
	}

	#reviewAll(): void {
		for (const session of this.#byId.values()) if (session.review(this.#timeouts)) this.#expire(session);
	}

	/** Ends its processes; what it printed stays to be read. */
	#expire({ username, sessionId, shell }: Session): void {
		this.#options.log.info({ username, sessionId }, "session expired");
		this.#terminator.begin({ shell });
	}

	#forget(session: Session): void {
		this.#byId.delete(session.sessionId);
		if (this.#byId.size === 0) this.#stopReviews();
		session.close();
		this.#changed.delete(session);
		const { username, sessionId } = session;
		this.#options.log.info({ username, sessionId }, "session closed");
		this.#options.onEvent({ kind: "session-closed", username, sessionId });
		this.#tellCount(session);
	}

	async #startShell({ account, place, size, limit }: OpenOptions, sessionId: SessionId): Promise<TerminalProgram> {
		const { launcher, shells } = this.#options;
		const { username } = account;
		if (this.runningOf(username) >= limit) throw new BerthError("TOO_MANY_SESSIONS", { detail: `${limit} at most` });
		const starting = { username };
		this.#starting.add(starting);
		try {
			const shell = shells.describe(account, place, sessionId);
			return await startOnTerminal(launcher, shell, size, (path) => shells.giveTerminal(account, path));
		} finally {
			this.#starting.delete(starting);
		}
	}

	#tellCount({ account, home, username }: Session): void {
		this.#options.onCount(account, home, this.runningOf(username));
	}

	#onExited(session: Session): void {
		if (!this.#isKnown(session)) return;
		const { username, sessionId } = session;
		this.#options.log.info({ username, sessionId, ...session.info().state }, "session exited");
		const exited = this.#of(username).filter(({ isAlive }) => !isAlive);
		exited.sort((a, b) => (a.exitedAt ?? 0) - (b.exitedAt ?? 0));
		for (const oldest of exited.slice(0, -MAX_EXITED_PER_USER)) this.#forget(oldest);
		this.#endLeftovers(session);
		this.#tellCount(session);
	}

	/**
	 * What a shell leaves behind in its session ends with it. What has left the session (`setsid`, a tmux server) may go
	 * on while the account has another one running, but not longer: nobody would ever see it again.
	 */
	#endLeftovers({ username, shell }: Session): void {
		this.#terminator.begin({ shell });
		if (shell.owner === null || this.runningOf(username) > 0) return;
		this.#terminator.begin({ uid: shell.owner, isSpared: () => this.runningOf(username) > 0 });
	}

	/** False for a session that was closed: its program may end later. */
	#isKnown(session: Session): boolean {
		return this.#byId.get(session.sessionId) === session;
	}

	#onChanged(session: Session): void {
		if (!this.#isKnown(session)) return;
		this.#changed.add(session);
		this.#tellChanged ??= setImmediate(() => this.#tellAll());
	}

	/** Pages resize their terminals at the very byte: each change is told, and at once. */
	#onResized(session: Session): void {
		if (this.#isKnown(session)) this.#tell(session);
	}

	#tellAll(): void {
		this.#tellChanged = undefined;
		for (const session of this.#changed) this.#tell(session);
	}

	#tell(session: Session): void {
		this.#changed.delete(session);
		this.#options.onEvent({ kind: "session-changed", username: session.username, session: session.info() });
	}
}
