/** Keeps the accounts' info files up to date while they have sessions. */
import type { AccountLimits } from "../../server/protocol/account-limits.ts";
import type { Username } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { Config } from "./config.ts";
import { ContainerMeter, type ContainerUsage, UNKNOWN_USAGE } from "./container-usage.ts";
import { InfoFiles } from "./info-file.ts";
import type { DiskKeeper } from "./limits/disk-keeper.ts";
import type { LimitKeeper } from "./limits/limit-keeper.ts";
import type { Policy } from "./link-requests.ts";
import type { Log } from "./log.ts";
import { countProcesses } from "./processes.ts";
import type { SessionCount } from "./sessions.ts";

/** How old what `container-info` shows may be. */
const PUBLISH_INTERVAL_MS = 10_000;
/** After an account's sessions have changed, its new processes are counted once they are there. */
const SETTLE_MS = 500;

/** An account that has sessions. */
type Entry = {
	account: Account;
	home: string;
	limits: AccountLimits;
	running: number;
};

export type InfoBoardOptions = {
	config: Config;
	disks: DiskKeeper;
	/** Null where accounts have no limits of their own. */
	keeper: LimitKeeper | null;
	log: Log;
};

export class InfoBoard {
	readonly #options: InfoBoardOptions;
	readonly #files: InfoFiles;
	readonly #meter = new ContainerMeter();
	readonly #entries = new Map<Username, Entry>();
	readonly #startedAt = Math.floor(Date.now() / 1000);
	#policy: Policy | null = null;
	#usage: ContainerUsage = UNKNOWN_USAGE;
	#processes = new Map<number, number>();
	#timer: NodeJS.Timeout | undefined;
	#settleTimer: NodeJS.Timeout | undefined;

	constructor(options: InfoBoardOptions) {
		this.#options = options;
		this.#files = new InfoFiles(options.config.infoDir);
		this.#sampleContainer();
	}

	setPolicy(policy: Policy): void {
		this.#policy = policy;
		for (const entry of this.#entries.values()) this.#publish(entry);
	}

	/** The account has so many running sessions now, and these limits. */
	setRunning({ account, home, limits, running }: SessionCount): void {
		const { username } = account;
		if (running === 0) {
			this.#entries.delete(username);
			this.#files.remove(username);
			if (this.#entries.size === 0) this.#stopTimer();
			return;
		}
		// What was sampled while nobody was here may be old.
		if (this.#entries.size === 0) this.#sampleContainer();
		const known = this.#entries.get(username);
		const entry = known ?? { account, home, limits, running };
		entry.running = running;
		entry.limits = limits;
		this.#entries.set(username, entry);
		this.#timer ??= setInterval(() => void this.#refresh(), PUBLISH_INTERVAL_MS);
		this.#settleTimer ??= setTimeout(() => this.#settle(), SETTLE_MS);
		// The answer to whoever opened a session goes first: nobody can read the file before there is a prompt.
		setImmediate(() => {
			if (this.#entries.get(username) === entry) this.#publish(entry);
		});
	}

	/** Something new is known of the account. */
	refresh({ username }: Account): void {
		const entry = this.#entries.get(username);
		if (entry !== undefined) this.#publish(entry);
	}

	close(): void {
		this.#stopTimer();
		this.#entries.clear();
		this.#files.close();
	}

	#stopTimer(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
		clearTimeout(this.#settleTimer);
		this.#settleTimer = undefined;
	}

	#settle(): void {
		this.#settleTimer = undefined;
		void this.#refresh();
	}

	/** Never throws, as nothing that it calls does. */
	async #refresh(): Promise<void> {
		this.#sampleContainer();
		this.#processes = await countProcesses();
		for (const entry of this.#entries.values()) {
			this.#publish(entry);
		}
	}

	#sampleContainer(): void {
		if (this.#options.config.mode === "container") this.#usage = this.#meter.sample();
	}

	#publish(entry: Entry): void {
		const { config, disks, keeper, log } = this.#options;
		const { account, home, limits, running } = entry;
		const disk = disks.usageOf(account);
		const { mode, container, image, network } = config;
		const uid = mode === "container" ? account.uid : (process.getuid?.() ?? account.uid);
		const info = {
			...this.#usage,
			...{ mode, container, image, network, username: account.username, uid, home },
			egress: this.#policy?.egress ?? null,
			sessionsRunning: running,
			sessionsAllowed: limits.sessions,
			placeKeptSeconds: secondsOf(this.#policy?.assignmentTtlMs),
			sessionIdleSeconds: secondsOf(limits.sessionIdleMs),
			sessionDetachedSeconds: secondsOf(limits.sessionDetachedMs),
			startedAt: this.#startedAt,
			publishedAt: Math.floor(Date.now() / 1000),
			diskUsedBytes: disk?.usedBytes ?? null,
			diskMeasuredAt: disk === null ? null : Math.floor(disk.measuredAt / 1000),
			diskFreeBytes: disks.freeBytes,
			diskLimitBytes: keeper === null ? null : limits.diskBytes,
			ownProcessesUsed: this.#processes.get(uid) ?? null,
			ownProcessesLimit: keeper === null ? null : limits.processes,
			ownMemoryUsedBytes: keeper?.memoryOf(uid) ?? null,
			ownMemoryLimitBytes: keeper === null ? null : limits.memoryBytes,
		};
		try {
			this.#files.write(info, mode === "container" ? account.uid : null);
		} catch (error) {
			log.warn({ error, username: account.username }, "info file could not be written");
		}
	}
}

function secondsOf(ms: number | undefined): number | null {
	return ms === undefined ? null : Math.floor(ms / 1000);
}
