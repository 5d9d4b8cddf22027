/** Puts the agent together. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Account } from "../../server/protocol/link.ts";
import { AccountTurns } from "./account-turns.ts";
import type { Accounts } from "./accounts.ts";
import type { Config } from "./config.ts";
import { DiskMeter } from "./disk-usage.ts";
import { weaknesses } from "./hardening.ts";
import { HomeAdoption } from "./home-adoption.ts";
import { InfoBoard } from "./info-board.ts";
import { Launchers } from "./launchers.ts";
import { DiskKeeper } from "./limits/disk-keeper.ts";
import { LimitKeeper } from "./limits/limit-keeper.ts";
import { type Policy, RequestHandler } from "./link-requests.ts";
import { LinkServer } from "./link-server.ts";
import { LinuxAccounts } from "./linux-accounts.ts";
import { LocalAccounts } from "./local-accounts.ts";
import type { Log } from "./log.ts";
import { listProcessesOf } from "./processes.ts";
import { SnapshotProcess } from "./screen/snapshot-maker.ts";
import { type SessionCount, Sessions } from "./sessions.ts";
import { ContainerShells, LocalShells, type ShellOptions, type Shells } from "./shells.ts";
import { TemporaryFiles } from "./temporary-files.ts";

/** Programs have this long to end by themselves when the agent ends. */
const SHUTDOWN_GRACE_MS = 1_000;

export class Agent {
	readonly #config: Config;
	/** What was wrong with the container when it was last looked at. */
	#weaknesses = "";
	readonly #launchers: Launchers;
	/** Null where accounts are not kept apart. */
	readonly #keeper: LimitKeeper | null;
	readonly #disks: DiskKeeper;
	/** Null where accounts are not kept apart. */
	readonly #temporaryFiles: TemporaryFiles | null;
	readonly #snapshots: SnapshotProcess;
	readonly #sessions: Sessions;
	readonly #server: LinkServer;
	readonly #board: InfoBoard;

	/** Prepares the folders that the agent needs; throws where that fails. */
	constructor(config: Config, log: Log) {
		this.#config = config;
		const { mode, workspace } = config;
		const bootId = randomBytes(16).toString("base64url");
		const isHardened = (): boolean => mode === "container" && this.#isHardened(log);
		this.#keeper = mode === "container" ? this.#createKeeper(log) : null;
		this.#temporaryFiles = mode === "container" ? new TemporaryFiles() : null;
		this.#disks = this.#createDiskKeeper(log);
		this.#board = new InfoBoard({ config, disks: this.#disks, keeper: this.#keeper, log });
		this.#launchers = new Launchers({
			onLost: (account) => this.#sessions.abandon(account),
			onGone: (account) => this.#keeper?.forget(account),
			log,
		});
		this.#snapshots = new SnapshotProcess({ isNobody: mode === "container", log });
		this.#sessions = new Sessions({
			keeper: this.#keeper,
			mayWrite: (account) => this.#disks.mayWrite(account),
			launchers: this.#launchers,
			shells: createShells(config),
			snapshots: this.#snapshots,
			log,
			onEvent: (event) => this.#server.broadcast(event),
			onCount: (count) => this.#onCount(count),
		});
		const accounts = createAccounts(config, log);
		const turns = new AccountTurns();
		this.#server = new LinkServer({
			requests: new RequestHandler({
				...{ mode, workspace, accounts, turns, isHardened, log },
				sessions: this.#sessions,
				adoption: this.#createAdoption(turns, log),
				onAttached: (account) => this.#tellDisk(account),
			}),
			log,
			describe: () => ({ bootId, mode, isHardened: isHardened(), sessions: this.#sessions.running }),
			onPolicy: (policy) => this.#onPolicy(policy),
		});
	}

	async start(): Promise<void> {
		await this.#server.listen(this.#config.socketPath);
	}

	/** Ends all sessions and links, in well under 2 s. */
	async stop(): Promise<void> {
		this.#server.close();
		await this.#sessions.endAll(SHUTDOWN_GRACE_MS);
		this.#keeper?.[Symbol.dispose]();
		this.#disks[Symbol.dispose]();
		this.#temporaryFiles?.[Symbol.dispose]();
		this.#launchers[Symbol.dispose]();
		this.#snapshots.close();
		this.#board.close();
	}

	#isHardened(log: Log): boolean {
		const found = weaknesses();
		const text = found.join("; ");
		if (text !== this.#weaknesses && text !== "") log.warn({ weaknesses: found }, "the container takes no users");
		this.#weaknesses = text;
		return found.length === 0;
	}

	#onPolicy(policy: Policy): void {
		this.#board.setPolicy(policy);
		this.#disks.setGrace(policy.diskGraceMs);
	}

	#onCount(count: SessionCount): void {
		const { account, home, limits, running } = count;
		this.#board.setRunning(count);
		if (running > 0) {
			this.#disks.admit(account, home, limits.diskBytes);
			this.#temporaryFiles?.keep(account);
		} else {
			this.#disks.release(account);
			this.#temporaryFiles?.removeSoon(account, home);
		}
	}

	#tellDisk(account: Account): void {
		const disk = this.#disks.stateOf(account);
		if (disk !== null) this.#server.broadcast({ kind: "disk-measured", username: account.username, disk });
	}

	#createAdoption(turns: AccountTurns, log: Log): HomeAdoption {
		const { mode, skeleton, workspace } = this.#config;
		const areApart = mode === "container";
		return new HomeAdoption({
			...{ workspace, skeleton, areApart, turns, log },
			meter: new DiskMeter(),
			endAll: async ({ uid, username }) => {
				await this.#sessions.evict(username, areApart ? uid : null);
				if (areApart && (await listProcessesOf(uid)).length > 0) throw new Error(`${username} cannot be ended`);
			},
			isRunning: async ({ uid, username }) =>
				this.#sessions.runningOf(username) > 0 || (areApart && (await listProcessesOf(uid)).length > 0),
			onAdopted: (account) => this.#disks.measureSoon(account),
		});
	}

	#createDiskKeeper(log: Log): DiskKeeper {
		return new DiskKeeper({
			workspace: this.#config.workspace,
			isEnforced: this.#config.mode === "container",
			endWriters: ({ username }) => this.#sessions.endWriters(username),
			onNotice: ({ username }, text) => this.#sessions.notify(username, text),
			onMeasured: (account) => {
				this.#board.refresh(account);
				this.#tellDisk(account);
			},
			log,
		});
	}

	#createKeeper(log: Log): LimitKeeper {
		return new LimitKeeper({
			share: this.#config.usersShare,
			endPrograms: (account) => this.#sessions.endPrograms(account),
			onNotice: ({ username }, text) => this.#sessions.notify(username, text),
			log,
		});
	}
}

function createAccounts(config: Config, log: Log): Accounts {
	const { workspace, skeleton, shell } = config;
	if (config.mode === "local") return new LocalAccounts({ workspace, skeleton });
	return new LinuxAccounts({ workspace, skeleton, shell, log });
}

function createShells(config: Config): Shells {
	const { shell, searchPath, motdPath, infoDir, toolsDir } = config;
	const options: ShellOptions = {
		shell,
		searchPath,
		motdPath,
		infoPath: ({ username }) => join(infoDir, username),
	};
	if (toolsDir !== null) return new LocalShells({ ...options, toolsDir });
	return new ContainerShells(options);
}
