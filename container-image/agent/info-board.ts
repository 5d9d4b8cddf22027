/** Keeps the accounts' info files up to date while they have sessions. */
import { statfs } from "node:fs/promises";
import type { Username } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { Config } from "./config.ts";
import { ContainerMeter, type ContainerUsage, UNKNOWN_USAGE } from "./container-usage.ts";
import { DiskMeter, type DiskUsage } from "./disk-usage.ts";
import { InfoFiles } from "./info-file.ts";
import type { Policy } from "./link-requests.ts";
import type { Log } from "./log.ts";
import { countProcesses } from "./processes.ts";

/** How old what `container-info` shows may be. */
const PUBLISH_INTERVAL_MS = 10_000;
/** After an account's sessions have changed, its new processes are counted once they are there. */
const SETTLE_MS = 500;
/** A home is measured this often, or less often where measuring takes long: at most a thirtieth of the time. */
const DISK_INTERVAL_MS = 60_000;
const DISK_REST_FACTOR = 30;

/** An account that has sessions. */
type Entry = {
	account: Account;
	home: string;
	running: number;
	disk: DiskUsage | null;
	nextDiskAt: number;
	isMeasuring: boolean;
};

export type InfoBoardOptions = {
	config: Config;
	ownProcessesLimit: number | null;
	log: Log;
};

export class InfoBoard {
	readonly #options: InfoBoardOptions;
	readonly #files: InfoFiles;
	readonly #meter = new ContainerMeter();
	readonly #disk = new DiskMeter();
	readonly #entries = new Map<Username, Entry>();
	readonly #startedAt = Math.floor(Date.now() / 1000);
	#policy: Policy | null = null;
	#usage: ContainerUsage = UNKNOWN_USAGE;
	#processes = new Map<number, number>();
	#freeBytes: number | null = null;
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

	/** The account has this many running sessions now. */
	setRunning(account: Account, home: string, running: number): void {
		const { username } = account;
		if (running === 0) {
			this.#entries.delete(username);
			this.#files.remove(username);
			if (this.#entries.size === 0) this.#stopTimer();
			return;
		}
		const known = this.#entries.get(username);
		const entry = known ?? { account, home, running, disk: null, nextDiskAt: 0, isMeasuring: false };
		entry.running = running;
		this.#entries.set(username, entry);
		this.#timer ??= setInterval(() => void this.#refresh(), PUBLISH_INTERVAL_MS);
		this.#settleTimer ??= setTimeout(() => this.#settle(), SETTLE_MS);
		// The answer to whoever opened a session goes first: nobody can read the file before there is a prompt.
		setImmediate(() => {
			if (this.#entries.get(username) === entry) this.#publish(entry);
		});
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
			void this.#measure(entry);
		}
	}

	#sampleContainer(): void {
		if (this.#options.config.mode === "container") this.#usage = this.#meter.sample();
	}

	/** Never throws: a number that is missing is no reason to disturb a session. */
	async #measure(entry: Entry): Promise<void> {
		if (entry.isMeasuring || performance.now() < entry.nextDiskAt) return;
		entry.isMeasuring = true;
		const startedAt = performance.now();
		const isContainer = this.#options.config.mode === "container";
		const measured = await this.#disk.measure(entry.home, isContainer ? entry.account.uid : null);
		const tookMs = performance.now() - startedAt;
		entry.disk = measured ?? entry.disk;
		entry.nextDiskAt = performance.now() + Math.max(DISK_INTERVAL_MS, tookMs * DISK_REST_FACTOR);
		entry.isMeasuring = false;
		this.#freeBytes = await freeBytes(entry.home);
		if (this.#entries.get(entry.account.username) === entry) this.#publish(entry);
	}

	#publish(entry: Entry): void {
		const { config, ownProcessesLimit, log } = this.#options;
		const { account, home, running, disk } = entry;
		const { mode, container, image, network } = config;
		const uid = mode === "container" ? account.uid : (process.getuid?.() ?? account.uid);
		const info = {
			...this.#usage,
			...{ mode, container, image, network, username: account.username, uid, home, ownProcessesLimit },
			sessionsRunning: running,
			sessionsAllowed: this.#policy?.sessionsPerUser ?? null,
			placeKeptSeconds: secondsOf(this.#policy?.assignmentTtlMs),
			sessionIdleSeconds: secondsOf(this.#policy?.sessionIdleMs),
			sessionDetachedSeconds: secondsOf(this.#policy?.sessionDetachedMs),
			startedAt: this.#startedAt,
			publishedAt: Math.floor(Date.now() / 1000),
			diskUsedBytes: disk?.usedBytes ?? null,
			diskMeasuredAt: disk === null ? null : Math.floor(disk.measuredAt / 1000),
			diskFreeBytes: this.#freeBytes,
			ownProcessesUsed: this.#processes.get(uid) ?? null,
		};
		try {
			this.#files.write(info, mode === "container" ? account.uid : null);
		} catch (error) {
			log.warn({ error, username: account.username }, "info file could not be written");
		}
	}
}

async function freeBytes(folder: string): Promise<number | null> {
	try {
		const { bavail, bsize } = await statfs(folder);
		return bavail * bsize;
	} catch {
		return null;
	}
}

function secondsOf(ms: number | undefined): number | null {
	return ms === undefined ? null : Math.floor(ms / 1000);
}
