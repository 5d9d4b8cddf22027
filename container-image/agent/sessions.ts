/** All sessions of this container, whose they are, and how many each account may have. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { AccountLimits } from "../../server/protocol/account-limits.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { SessionId, type Username } from "../../server/protocol/ids.ts";
import type { Account, LinkEvent } from "../../server/protocol/link.ts";
import type { SessionInfo, TerminalSize } from "../../server/protocol/session.ts";
import type { Place } from "./accounts.ts";
import type { Launchers } from "./launchers.ts";
import type { LimitKeeper } from "./limits/limit-keeper.ts";
import type { Log } from "./log.ts";
import { listProcessesOf, sendSignal } from "./processes.ts";
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
	limits: AccountLimits;
	/** Variables of its shell, which are secret. */
	environment: Readonly<Record<string, string>>;
	replayBytes: number;
};

export type SessionCount = { account: Account; home: string; limits: AccountLimits; running: number };

export type SessionsOptions = {
	/** Null where accounts are not kept apart. */
	keeper: LimitKeeper | null;
	/** Whether new shells of the account may write files. */
	mayWrite(account: Account): boolean;
	launchers: Launchers;
	shells: Shells;
	snapshots: SnapshotMaker;
	log: Log;
	/** For every link. */
	onEvent(event: LinkEvent): void;
	/** The number of this account's running sessions is another one. */
	onCount(count: SessionCount): void;
};

export class Sessions {
	readonly #options: SessionsOptions;
	readonly #byId = new Map<SessionId, Session>();
	readonly #starting = new Set<{ username: Username }>();
	/** Changed since the last event; told once per turn of the event loop. */
	readonly #changed = new Set<Session>();
	#tellChanged: NodeJS.Immediate | undefined;
	readonly #terminator = new Terminator();
	#review: NodeJS.Timeout | undefined;

	constructor(options: SessionsOptions) {
		this.#options = options;
	}

	/** Running sessions of all accounts. */
	get running(): number {
		return [...this.#byId.values()].filter(({ isAlive }) => isAlive).length;
	}

	/** Of sessions that run, and of the account's programs. An account without sessions has nothing to limit. */
	setLimits(account: Account, limits: AccountLimits): void {
		if (this.runningOf(account.username) === 0) return;
		this.#options.keeper?.admit(account, limits);
		for (const session of this.#of(account.username)) session.limits = limits;
	}

	/** Starts the account's shell. Throws `BerthError` TOO_MANY_SESSIONS or SPAWN_FAILED. */
	async open(options: OpenOptions): Promise<Session> {
		const { account, place, name, size, limits, replayBytes } = options;
		const { shells, snapshots } = this.#options;
		const mayWrite = this.#options.mayWrite(account);
		const sessionId = SessionId.parse(randomBytes(16).toString("base64url"));
		const session = new Session({
			sessionId,
			account,
			home: place.home,
			name,
			limits,
			mayWrite,
			replayBytes,
			snapshots,
			owner: shells.ownerOf(account),
			program: await this.#startShell(options, sessionId, mayWrite),
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

	/** Ends at once all that the account runs but its sessions' shells. */
	async endPrograms({ username, uid }: Account): Promise<void> {
		const shells = new Set(this.#of(username).map(({ shell }) => shell.pid));
		for (const { pid } of await listProcessesOf(uid)) if (!shells.has(pid)) sendSignal(pid, "SIGKILL");
	}

	/** Nobody will be told how the account's shells end: they end now, and are forgotten. */
	abandon({ username, uid }: Account): void {
		void this.evict(username, this.#options.keeper === null ? null : uid);
	}

	/** Ends the account's sessions, but for those that cannot write files. What they printed stays to be read. */
	endWriters(username: Username): void {
		for (const { mayWrite, shell } of this.#of(username)) if (mayWrite) void this.#terminator.begin({ shell });
	}

	/** Writes a line to the account's terminals. */
	notify(username: Username, text: string): void {
		for (const session of this.#of(username)) session.notify(text);
	}

	/** Ends the session's processes and forgets it at once. */
	close(session: Session): void {
		this.#forget(session);
		if (session.isAlive) this.#endLeftovers(session);
	}

	/**
	 * Ends everything of the account: its sessions and, where it has a uid of its own, whatever else it runs. They are
	 * forgotten at once; the promise is fulfilled once their processes were forced to end.
	 */
	async evict(username: Username, uid: number | null): Promise<void> {
		const sessions = this.#of(username);
		const shells = sessions.filter(({ isAlive }) => isAlive).map(({ shell }) => shell);
		for (const session of sessions) this.#forget(session);
		const victims = uid === null ? shells.map((shell) => ({ shell })) : [{ uid }];
		await Promise.all(victims.map((each) => this.#terminator.begin(each)));
	}

	/** Ends all sessions within `graceMs`, and whatever was being ended. */
	async endAll(graceMs: number): Promise<void> {
		const alive = [...this.#byId.values()].filter(({ isAlive }) => isAlive);
		for (const { shell } of alive) void this.#terminator.begin({ shell });
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
		for (const session of this.#byId.values()) if (session.review()) this.#expire(session);
	}

	/** Ends its processes; what it printed stays to be read. */
	#expire({ username, sessionId, shell }: Session): void {
		this.#options.log.info({ username, sessionId }, "session expired");
		void this.#terminator.begin({ shell });
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

	async #startShell(
		{ account, environment, place, size, limits }: OpenOptions,
		sessionId: SessionId,
		mayWrite: boolean,
	): Promise<TerminalProgram> {
		const { keeper, launchers, shells } = this.#options;
		const { username } = account;
		if (this.runningOf(username) >= limits.sessions) {
			throw new BerthError("TOO_MANY_SESSIONS", { detail: `${limits.sessions} at most` });
		}
		const starting = { username };
		this.#starting.add(starting);
		try {
			const groups = keeper?.admit(account, limits) ?? [];
			const launcher = launchers.of(account, groups);
			const shell = shells.describe(account, place, sessionId, { limits, mayWrite, environment });
			return await startOnTerminal(launcher, shell, size, (path) => shells.giveTerminal(account, path));
		} finally {
			this.#starting.delete(starting);
		}
	}

	#tellCount({ account, home, username, limits }: Session): void {
		const running = this.runningOf(username);
		if (running === 0) {
			this.#options.keeper?.release(account);
			this.#options.launchers.release(account);
		}
		this.#options.onCount({ account, home, limits, running });
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
		void this.#terminator.begin({ shell });
		if (shell.owner === null || this.runningOf(username) > 0) return;
		void this.#terminator.begin({ uid: shell.owner, isSpared: () => this.runningOf(username) > 0 });
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
