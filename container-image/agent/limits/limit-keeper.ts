/**
 * Keeps accounts within their limits while they have sessions: by control groups where the container's may be written,
 * and by looking at their processes where not.
 */
import type { AccountLimits } from "../../../server/protocol/account-limits.ts";
import type { Account } from "../../../server/protocol/link.ts";
import type { Log } from "../log.ts";
import { AccountGroups, type UsersShare } from "./account-groups.ts";
import { type CpuUse, capsToSet, cpuCaps, loneCap } from "./cpu-caps.ts";
import { endLargest, memoryByOwner } from "./memory-watch.ts";
import { MAX_OWN_TERMINALS, terminalsByOwner } from "./terminal-watch.ts";

/** Short beside the patience of who types, long beside a period of the kernel's accounting (100 ms). */
const LOOK_EVERY_MS = 250;
/** What one look weighs in a mean: an account that is held runs now and then, for longer than it may on average. */
const NEWS_SHARE = 0.25;
/** Adding up everybody's processes costs more. */
const WATCH_EVERY_MS = 1_000;

export type LimitKeeperOptions = {
	/** Null where the container's limits are not known: then nothing is shared out. */
	share: UsersShare | null;
	/** Ends all that the account runs but its sessions' shells. */
	endPrograms(account: Account): Promise<void>;
	/** Something that the account's people have to be told. */
	onNotice(account: Account, text: string): void;
	log: Log;
};

type Kept = {
	account: Account;
	limits: AccountLimits;
	/** CPU time at `lookedAt`, ms. */
	cpuMs: number;
	lookedAt: number;
	/** Mean of the last second or so, millicores. */
	used: number;
	/** Millicores. */
	cap: number;
	outOfMemory: number;
};

export class LimitKeeper implements Disposable {
	readonly #options: LimitKeeperOptions;
	readonly #kept = new Map<number, Kept>();
	/** Undefined until the first account comes: only then the container is sure to be hardened. */
	#groups: AccountGroups | null | undefined;
	#timer: NodeJS.Timeout | undefined;
	#isLooking = false;

	constructor(options: LimitKeeperOptions) {
		this.#options = options;
	}

	/** The account has sessions, with these limits. Returns the folders of control groups that its programs are to join. */
	admit(account: Account, limits: AccountLimits): string[] {
		const { uid } = account;
		this.#groups ??= this.#openGroups();
		const folders = this.#groups?.admit(uid, limits) ?? [];
		const known = this.#kept.get(uid);
		if (known === undefined) this.#keep(account, limits);
		else known.limits = limits;
		this.#timer ??= setInterval(() => void this.#look(), this.#groups === null ? WATCH_EVERY_MS : LOOK_EVERY_MS);
		return folders;
	}

	/** The account has no session any more. */
	release({ uid }: Account): void {
		this.#kept.delete(uid);
	}

	/** Nothing of the agent's is in the account's groups any more. What something else is in stays. */
	forget({ uid }: Account): void {
		if (!this.#kept.has(uid)) this.#groups?.release(uid);
	}

	/** Bytes; null where that is not counted. */
	memoryOf(uid: number): number | null {
		return this.#kept.has(uid) ? (this.#groups?.usage(uid).memoryBytes ?? null) : null;
	}

	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}

	/** Null where control groups cannot be had. */
	#openGroups(): AccountGroups | null {
		const { share, log } = this.#options;
		if (share === null) return null;
		try {
			return new AccountGroups(share);
		} catch (error) {
			log.warn({ error }, "control groups cannot be written: memory is watched instead, CPU is not shared out");
			return null;
		}
	}

	#keep(account: Account, limits: AccountLimits): void {
		const cap = this.#lone;
		this.#groups?.setCpu(account.uid, cap);
		const { cpuMs, outOfMemory } = this.#groups?.usage(account.uid) ?? { cpuMs: 0, outOfMemory: 0 };
		this.#kept.set(account.uid, { account, limits, cpuMs, lookedAt: performance.now(), used: 0, cap, outOfMemory });
	}

	get #lone(): number {
		return loneCap(this.#options.share?.millicores ?? 0);
	}

	/** Never throws: a limit that could not be looked after now is looked after the next time. */
	async #look(): Promise<void> {
		if (this.#isLooking) return;
		this.#isLooking = true;
		try {
			await this.#watchTerminals();
			if (this.#groups) this.#shareOut(this.#groups);
			else await this.#watchMemory();
		} catch (error) {
			this.#options.log.error({ error }, "limits could not be looked after");
		} finally {
			this.#isLooking = false;
		}
		if (this.#kept.size === 0) this.#rest();
	}

	#rest(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	#shareOut(groups: AccountGroups): void {
		const uses = [...this.#kept.values()].map((kept) => this.#use(groups, kept));
		const caps = cpuCaps(this.#options.share?.millicores ?? 0, uses);
		for (const [kept, cap] of capsToSet(uses, caps)) {
			groups.setCpu(kept.account.uid, cap);
			kept.cap = cap;
		}
	}

	#use(groups: AccountGroups, kept: Kept): CpuUse<Kept> {
		const { cpuMs, outOfMemory } = groups.usage(kept.account.uid);
		const now = performance.now();
		const justUsed = ((cpuMs - kept.cpuMs) / (now - kept.lookedAt)) * 1000;
		const used = kept.used + (justUsed - kept.used) * NEWS_SHARE;
		if (outOfMemory > kept.outOfMemory) this.#tellOutOfMemory(kept);
		Object.assign(kept, { cpuMs, lookedAt: now, used, outOfMemory });
		return { id: kept, used, cap: kept.cap, weight: kept.limits.cpuWeight };
	}

	/** Nothing tells whose program holds them: all end but the account's shells. */
	async #watchTerminals(): Promise<void> {
		for (const [uid, count] of terminalsByOwner()) {
			const kept = this.#kept.get(uid);
			if (kept === undefined || count <= kept.limits.sessions + MAX_OWN_TERMINALS) continue;
			await this.#options.endPrograms(kept.account);
			this.#tell(kept, `your programs were ended: they may have ${MAX_OWN_TERMINALS} terminals together`);
		}
	}

	async #watchMemory(): Promise<void> {
		const used = await memoryByOwner();
		for (const kept of this.#kept.values()) {
			const { account, limits } = kept;
			if ((used.get(account.uid) ?? 0) <= limits.memoryBytes) continue;
			if (await endLargest(account.uid)) this.#tellOutOfMemory(kept);
		}
	}

	#tellOutOfMemory(kept: Kept): void {
		const mebibytes = Math.round(kept.limits.memoryBytes / 2 ** 20);
		this.#tell(kept, `a program was ended: your programs may use ${mebibytes} MiB of memory together`);
	}

	#tell({ account }: Kept, text: string): void {
		this.#options.log.info({ username: account.username }, text);
		this.#options.onNotice(account, text);
	}
}
