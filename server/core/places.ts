/** Where each user's shells run: joins who is assigned where with what stands there now. */

import type { AccountLimits } from "../protocol/account-limits.ts";
import { assertNever } from "../protocol/assert-never.ts";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Account } from "../protocol/link.ts";
import type { AccountStore } from "./accounts.ts";
import type { AssignmentStore, ReleasedPlace } from "./assignment.ts";
import type { PoolContainer } from "./container-driver.ts";
import type { Visitor } from "./identity.ts";
import type { Link } from "./link/link.ts";
import type { Log } from "./log.ts";
import type { EngineState, Pool } from "./pool/pool.ts";
import type { SlotState } from "./pool/slot.ts";

export type Location =
	| { kind: "ready"; container: PoolContainer; link: Link; account: Account; limits: AccountLimits }
	| { kind: "waiting"; error: BerthError };

export type PlacesOptions = {
	pool: Pick<Pool, "engine" | "states" | "stateOf" | "readyOrdinals">;
	accounts: AccountStore;
	assignments: AssignmentStore;
	/** What the visitor may use. */
	limitsOf(visitor: Visitor): AccountLimits;
	usersPerContainer: number;
	/** A place unused for this long is given back, ms. */
	assignmentTtlMs: number;
	/** Users who have a page open now. */
	present(): UserId[];
	/** Places were given back: whoever waits for one should look again. */
	onFreed(): void;
	log: Log;
};

/**
 * Failed starts in a row after which users of a container are moved to another. Three are about two seconds: long
 * enough for a hiccup, short enough for somebody who waits.
 */
const MOVE_AFTER_FAILURES = 3;
/** How often unused places are looked for: a fraction of their time to live, within these bounds. */
const SWEEP_BOUNDS_MS = { least: 1_000, most: 600_000 };
const SWEEPS_PER_TTL = 20;
/**
 * Who came or went is written down together with all who did so soon after: when a gateway starts again, everybody
 * comes at once. A place lives for so long that a second does not matter to it.
 */
const USE_NOTED_AFTER_MS = 1_000;

export class Places implements Disposable {
	readonly #options: PlacesOptions;
	readonly #sweep: NodeJS.Timeout;
	/** Whose use was not written down yet. */
	readonly #used = new Set<UserId>();
	#noting: NodeJS.Timeout | null = null;
	/** Who gets no place now: their files are becoming somebody else's. */
	readonly #held = new Set<UserId>();
	#isDisposed = false;

	constructor(options: PlacesOptions) {
		this.#options = options;
		const period = options.assignmentTtlMs / SWEEPS_PER_TTL;
		const bounded = Math.min(SWEEP_BOUNDS_MS.most, Math.max(SWEEP_BOUNDS_MS.least, period));
		this.#sweep = setInterval(() => this.#giveBackUnused(), bounded);
	}

	[Symbol.dispose](): void {
		this.#isDisposed = true;
		clearInterval(this.#sweep);
		this.#writeUse();
	}

	/**
	 * The visitor's place, assigned now where there is none; or why the visitor has to wait. Nobody gets a uid before a
	 * container is ready, because only then the homes on the volume are known.
	 */
	locate(visitor: Visitor): Location {
		try {
			return this.#find(visitor);
		} catch (thrown) {
			if (thrown instanceof BerthError) return { kind: "waiting", error: thrown };
			throw thrown;
		}
	}

	/** The visitor came or went: the place counts as used until now. */
	noteUse({ userId }: Visitor): void {
		this.#used.add(userId);
		// Pages that are disconnected after the places are gone still count.
		if (this.#isDisposed) this.#writeUse();
		else this.#noting ??= setTimeout(() => this.#writeUse(), USE_NOTED_AFTER_MS);
	}

	/**
	 * What users may use is another thing now, or what one of them may: tells the containers, so that also what runs
	 * already keeps to it.
	 */
	tellLimits(only?: UserId): void {
		const { accounts, assignments, limitsOf, log, pool } = this.#options;
		for (const { visitor, ordinal } of assignments.placed()) {
			if (only !== undefined && visitor.userId !== only) continue;
			const state = pool.stateOf(ordinal);
			if (state?.kind !== "ready") continue;
			const { username } = visitor;
			const account = { username, uid: accounts.register(visitor, Date.now()) };
			state.link.request({ op: "limit", account, limits: limitsOf(visitor) }).catch((err: unknown) => {
				log.warn({ err, username }, "a container could not be told of new limits");
			});
		}
	}

	/** Ends all that a user runs. The place stays theirs. */
	endSessionsOf(userId: UserId): void {
		const ordinal = this.#options.assignments.find(userId)?.ordinal;
		const placed = this.#options.assignments.placed().find(({ visitor }) => visitor.userId === userId);
		if (ordinal !== undefined && placed !== undefined) this.#evict({ username: placed.visitor.username, ordinal });
	}

	/**
	 * Gives a guest's files to a member, in the member's container; what the guest runs ends first, wherever it is.
	 * `onHeld` is called once the guest gets no place any more. Returns the folder's name in the member's home, empty where it
	 * is the home; null where there was nothing. Throws `BerthError`: why the member has no place or the guest's container
	 * cannot be reached, or what the agent says; then it can be asked again.
	 */
	async adopt(guest: Visitor, member: Visitor, onHeld: () => void): Promise<string | null> {
		const { accounts, assignments, onFreed } = this.#options;
		this.#held.add(guest.userId);
		try {
			onHeld();
			await this.#endEverywhere(guest);
			// In a pool that is full, it is the guest's place that the member gets.
			assignments.release(guest.userId);
			const location = this.locate(member);
			if (location.kind === "waiting") throw location.error;
			const { account: to, limits, link } = location;
			const from = { username: guest.username, uid: accounts.register(guest, Date.now()) };
			return (await link.request({ op: "adopt", from, to, diskBytes: limits.diskBytes })).folder;
		} finally {
			this.#held.delete(guest.userId);
			onFreed();
		}
	}

	/** A user may have been moved: all containers are asked. Throws `BerthError` where the user's own cannot be. */
	async #endEverywhere({ userId, username }: Visitor): Promise<void> {
		const { assignments, pool } = this.#options;
		const ordinal = assignments.find(userId)?.ordinal;
		const own = ordinal === undefined ? null : pool.stateOf(ordinal);
		if (own !== null && own.kind !== "ready") throw whyNotReady(own, pool.engine);
		const links = pool.states.flatMap((state) => (state.kind === "ready" ? [state.link] : []));
		await Promise.all(links.map((link) => link.request({ op: "evict", username })));
	}

	#find(visitor: Visitor): Location {
		const { assignments, log, pool } = this.#options;
		if (this.#held.has(visitor.userId)) throw new BerthError("CONTAINER_RESTARTING");
		const assignment = assignments.find(visitor.userId);
		if (assignment === null) return this.#assign(visitor);
		const state = pool.stateOf(assignment.ordinal);
		if (state !== null && !this.#isToBeLeft(state)) return this.#locationIn(state, visitor);
		if (pool.readyOrdinals.length === 0) return { kind: "waiting", error: this.#whyNoPlace() };
		log.info({ userId: visitor.userId, ordinal: assignment.ordinal }, "moving a user to another container");
		assignments.release(visitor.userId);
		return this.#assign(visitor);
	}

	#writeUse(): void {
		clearTimeout(this.#noting ?? undefined);
		this.#noting = null;
		if (this.#used.size > 0) this.#options.assignments.touch([...this.#used], Date.now());
		this.#used.clear();
	}

	#assign(visitor: Visitor): Location {
		const { pool, accounts, assignments, usersPerContainer } = this.#options;
		const ready = pool.readyOrdinals;
		if (ready.length === 0) return { kind: "waiting", error: this.#whyNoPlace() };
		accounts.register(visitor, Date.now());
		const assignment = assignments.assign(visitor.userId, ready, usersPerContainer, Date.now());
		const state = assignment === null ? null : pool.stateOf(assignment.ordinal);
		return state === null ? { kind: "waiting", error: this.#whyNoPlace() } : this.#locationIn(state, visitor);
	}

	#locationIn(state: SlotState, visitor: Visitor): Location {
		const { accounts, limitsOf, pool } = this.#options;
		if (state.kind !== "ready") return { kind: "waiting", error: whyNotReady(state, pool.engine) };
		const uid = accounts.register(visitor, Date.now());
		return { ...state, account: { username: visitor.username, uid }, limits: limitsOf(visitor) };
	}

	/** Whether another container should take this one's users: it fails, and others do not. */
	#isToBeLeft(state: SlotState): boolean {
		return (
			state.kind === "failed" && state.failures >= MOVE_AFTER_FAILURES && this.#options.pool.readyOrdinals.length > 0
		);
	}

	#whyNoPlace(): BerthError {
		const { engine, states } = this.#options.pool;
		const coming = states.find(({ kind }) => kind === "starting" || kind === "restarting");
		if (coming !== undefined) return whyNotReady(coming, engine);
		const isAnyReady = states.some(({ kind }) => kind === "ready");
		const failed = states.find(({ kind }) => kind === "failed");
		return isAnyReady || failed === undefined ? new BerthError("POOL_FULL") : whyNotReady(failed, engine);
	}

	#giveBackUnused(): void {
		const { assignments, assignmentTtlMs, log, onFreed, present } = this.#options;
		const now = Date.now();
		for (const userId of present()) this.#used.add(userId);
		this.#writeUse();
		const released = assignments.releaseUnusedSince(now - assignmentTtlMs);
		for (const place of released) {
			log.info(place, "an unused place was given back");
			this.#evict(place);
		}
		if (released.length > 0) onFreed();
	}

	/** Ends what an account runs in a container: its room is somebody else's now, or its owner may not come in. */
	#evict({ username, ordinal }: ReleasedPlace): void {
		const { log, pool } = this.#options;
		const state = pool.stateOf(ordinal);
		if (state?.kind !== "ready") return;
		state.link.request({ op: "evict", username }).catch((err: unknown) => {
			log.warn({ err, username }, "sessions could not be closed");
		});
	}
}

/** For the person who waits: what stands in the operator's log in detail is left out. */
function whyNotReady(state: SlotState, engine: EngineState): BerthError {
	if (engine.kind === "down") return new BerthError("ENGINE_UNREACHABLE");
	switch (state.kind) {
		case "starting":
			return new BerthError("POOL_STARTING");
		case "restarting":
		case "ready":
			return new BerthError("CONTAINER_RESTARTING");
		case "failed":
			return new BerthError(state.error.code);
		default:
			return assertNever(state);
	}
}
