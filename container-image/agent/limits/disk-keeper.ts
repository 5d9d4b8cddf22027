/**
 * Keeps homes within their limit on the volume. `du` adds a home up, as seldom as is enough: where the volume has grown
 * since, sooner. Who has too much is told, and has some time to delete; then the programs are ended, and new shells can
 * look, download and delete until there is room again.
 */
import { statfs } from "node:fs/promises";
import type { DiskState } from "../../../server/protocol/account-limits.ts";
import type { Account } from "../../../server/protocol/link.ts";
import { DiskMeter, type DiskUsage, LEAST_FILE_BYTES } from "../disk-usage.ts";
import type { Log } from "../log.ts";

/** A home is measured this often, or less often where measuring takes long: at most a tenth of the time. */
const USUAL_INTERVAL_MS = 60_000;
const REST_FACTOR = 10;
/** Where the volume has grown by this much since, or by this part of what the account may have, somebody writes. */
const GROWTH_BYTES = 64 * 2 ** 20;
const GROWTH_PART = 1 / 8;
const LOOK_EVERY_MS = 2_000;
const NEAR = 0.9;
/** `over`: since when, as of `performance.now()`. */
type Verdict = { kind: "ok" } | { kind: "near" } | { kind: "over"; since: number; isEnforced: boolean };

export type DiskKeeperOptions = {
	workspace: string;
	/** False where homes are the agent's own user's: then they are measured, and nobody is held to anything. */
	isEnforced: boolean;
	onNotice(account: Account, text: string): void;
	/** The account has more than it may, and time enough has passed: ends its programs that can write. */
	endWriters(account: Account): void;
	/** Something new is known of the account's disk. */
	onMeasured(account: Account): void;
	log: Log;
};

type Kept = {
	account: Account;
	home: string;
	limitBytes: number;
	usage: DiskUsage | null;
	verdict: Verdict;
	nextAt: number;
	/** What the volume held when the home was measured, as files are counted. */
	volumeThen: number;
	isMeasuring: boolean;
};

export class DiskKeeper implements Disposable {
	readonly #options: DiskKeeperOptions;
	readonly #meter = new DiskMeter();
	/** By uid: accounts with sessions. */
	readonly #kept = new Map<number, Kept>();
	/** Accounts that had too much when they were last measured, with sessions or without. */
	readonly #full = new Set<number>();
	#volume = { used: 0, free: null as number | null };
	#timer: NodeJS.Timeout | undefined;
	/** Until a gateway says how long it is, there is nobody to be ended. */
	#graceMs = Number.POSITIVE_INFINITY;

	constructor(options: DiskKeeperOptions) {
		this.#options = options;
	}

	/** How long who has too much may delete, to save what is being worked on elsewhere. */
	setGrace(graceMs: number): void {
		this.#graceMs = graceMs;
	}

	/** The account has sessions. */
	admit(account: Account, home: string, limitBytes: number): void {
		const known = this.#kept.get(account.uid);
		if (known !== undefined) known.limitBytes = limitBytes;
		else this.#kept.set(account.uid, newKept(account, home, limitBytes));
		this.#timer ??= setInterval(() => void this.#look(), LOOK_EVERY_MS);
	}

	/** The account has no session any more. */
	release({ uid }: Account): void {
		this.#kept.delete(uid);
		if (this.#kept.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	/** The account has other files all at once. */
	measureSoon({ uid }: Account): void {
		const kept = this.#kept.get(uid);
		if (kept !== undefined) kept.nextAt = 0;
	}

	/** Whether new shells of the account may write. */
	mayWrite({ uid }: Account): boolean {
		return !this.#full.has(uid);
	}

	usageOf({ uid }: Account): DiskUsage | null {
		return this.#kept.get(uid)?.usage ?? null;
	}

	/** Null where nothing is known yet. */
	stateOf({ uid }: Account): DiskState | null {
		const { usage = null, limitBytes = 0 } = this.#kept.get(uid) ?? {};
		if (usage === null) return null;
		return { usedBytes: usage.usedBytes, limitBytes: this.#options.isEnforced ? limitBytes : null };
	}

	/** Free on the whole volume, bytes; null where it is not known yet. */
	get freeBytes(): number | null {
		return this.#volume.free;
	}

	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}

	/** Never throws: what could not be looked at now is looked at the next time. */
	async #look(): Promise<void> {
		await this.#lookAtVolume();
		const now = performance.now();
		for (const kept of this.#kept.values()) {
			const growth = Math.min(GROWTH_BYTES, kept.limitBytes * GROWTH_PART);
			const hasGrown = this.#volume.used - kept.volumeThen >= growth;
			const isDue = now >= kept.nextAt || hasGrown || kept.verdict.kind === "over";
			if (isDue && !kept.isMeasuring) void this.#measure(kept);
		}
	}

	async #lookAtVolume(): Promise<void> {
		try {
			const { bavail, bfree, blocks, bsize, ffree, files } = await statfs(this.#options.workspace);
			const used = (blocks - bfree) * bsize + (files - ffree) * LEAST_FILE_BYTES;
			this.#volume = { used, free: bavail * bsize };
		} catch (error) {
			this.#options.log.warn({ error }, "the volume could not be looked at");
		}
	}

	async #measure(kept: Kept): Promise<void> {
		kept.isMeasuring = true;
		kept.volumeThen = this.#volume.used;
		const startedAt = performance.now();
		const usage = await this.#meter.measure(kept.home, this.#options.isEnforced ? kept.account.uid : null);
		const tookMs = performance.now() - startedAt;
		kept.usage = usage ?? kept.usage;
		kept.nextAt = performance.now() + Math.max(USUAL_INTERVAL_MS, tookMs * REST_FACTOR);
		kept.isMeasuring = false;
		if (this.#kept.get(kept.account.uid) !== kept) return;
		if (this.#options.isEnforced && kept.usage !== null) this.#judge(kept, kept.usage.usedBytes);
		this.#options.onMeasured(kept.account);
	}

	#judge(kept: Kept, usedBytes: number): void {
		const { account, limitBytes, verdict } = kept;
		if (usedBytes > limitBytes) this.#onOver(kept, usedBytes);
		else if (!this.mayWrite(account)) this.#onRoom(kept);
		else if (usedBytes < limitBytes * NEAR) kept.verdict = { kind: "ok" };
		else if (verdict.kind === "ok") {
			kept.verdict = { kind: "near" };
			this.#options.onNotice(account, `your files take ${sizes(usedBytes, limitBytes)}`);
		}
	}

	#onOver(kept: Kept, usedBytes: number): void {
		const { account, limitBytes, verdict } = kept;
		const taken = `your files take ${sizes(usedBytes, limitBytes)}`;
		if (verdict.kind !== "over") {
			kept.verdict = { kind: "over", since: performance.now(), isEnforced: !this.mayWrite(account) };
			this.#full.add(account.uid);
			this.#options.log.info({ username: account.username, usedBytes }, "disk limit exceeded");
			const deadline = timeWords(this.#graceMs);
			this.#options.onNotice(account, `${taken}: delete some within ${deadline}, or your programs are ended`);
		} else if (!verdict.isEnforced && performance.now() - verdict.since > this.#graceMs) {
			kept.verdict = { ...verdict, isEnforced: true };
			this.#options.onNotice(account, `${taken}: programs are ended; in a new shell you can look and delete`);
			this.#options.endWriters(account);
		}
	}

	#onRoom(kept: Kept): void {
		kept.verdict = { kind: "near" };
		this.#full.delete(kept.account.uid);
		this.#options.onNotice(kept.account, "there is room for your files again: new shells can write");
	}
}

function newKept(account: Account, home: string, limitBytes: number): Kept {
	const never = { usage: null, verdict: { kind: "ok" } as const, nextAt: 0, volumeThen: 0, isMeasuring: false };
	return { account, home, limitBytes, ...never };
}

function timeWords(ms: number): string {
	const seconds = Math.round(ms / 1_000);
	return seconds < 120 ? `${seconds} seconds` : `${Math.round(seconds / 60)} minutes`;
}

/** `1.1 of 1.0 GiB`. */
function sizes(usedBytes: number, limitBytes: number): string {
	const [divisor, unit] = limitBytes >= 2 ** 30 ? [2 ** 30, "GiB"] : [2 ** 20, "MiB"];
	return `${(usedBytes / divisor).toFixed(1)} of ${(limitBytes / divisor).toFixed(1)} ${unit}`;
}
