/** Puts the agent together. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Accounts } from "./accounts.ts";
import type { Config } from "./config.ts";
import { ContainerMeter } from "./container-usage.ts";
import { isProcHidden } from "./hardening.ts";
import { InfoBoard } from "./info-board.ts";
import { Launcher } from "./launcher.ts";
import { type Policy, RequestHandler } from "./link-requests.ts";
import { LinkServer } from "./link-server.ts";
import { LinuxAccounts } from "./linux-accounts.ts";
import { LocalAccounts } from "./local-accounts.ts";
import type { Log } from "./log.ts";
import { SnapshotProcess } from "./screen/snapshot-maker.ts";
import { Sessions } from "./sessions.ts";
import { accountProcessLimit, ContainerShells, LocalShells, type ShellOptions, type Shells } from "./shells.ts";

/** Programs have this long to end by themselves when the agent ends. */
const SHUTDOWN_GRACE_MS = 1_000;

export class Agent {
	readonly #config: Config;
	readonly #launcher = new Launcher();
	readonly #snapshots: SnapshotProcess;
	readonly #sessions: Sessions;
	readonly #server: LinkServer;
	readonly #board: InfoBoard;

	/** Prepares the folders that the agent needs; throws where that fails. */
	constructor(config: Config, log: Log) {
		this.#config = config;
		const { mode, workspace } = config;
		const bootId = randomBytes(16).toString("base64url");
		const isHardened = (): boolean => mode === "container" && isProcHidden();
		const containerLimit = mode === "container" ? new ContainerMeter().sample().processesLimit : null;
		const ownProcessesLimit = accountProcessLimit(containerLimit);
		this.#board = new InfoBoard({ config, ownProcessesLimit, log });
		this.#snapshots = new SnapshotProcess({ isNobody: mode === "container", log });
		this.#sessions = new Sessions({
			launcher: this.#launcher,
			shells: createShells(config, ownProcessesLimit),
			snapshots: this.#snapshots,
			log,
			onEvent: (event) => this.#server.broadcast(event),
			onCount: (account, home, running) => this.#board.setRunning(account, home, running),
		});
		const accounts = createAccounts(config, log);
		this.#server = new LinkServer({
			requests: new RequestHandler({ mode, workspace, accounts, sessions: this.#sessions, isHardened, log }),
			log,
			describe: () => ({ bootId, mode, isHardened: isHardened(), sessions: this.#sessions.running }),
			onPolicy: (policy) => this.#setPolicy(policy),
		});
	}

	async start(): Promise<void> {
		await this.#server.listen(this.#config.socketPath);
	}

	/** Ends all sessions and links, in well under 2 s. */
	async stop(): Promise<void> {
		this.#server.close();
		await this.#sessions.endAll(SHUTDOWN_GRACE_MS);
		this.#launcher[Symbol.dispose]();
		this.#snapshots.close();
		this.#board.close();
	}

	#setPolicy(policy: Policy): void {
		this.#sessions.setTimeouts(policy);
		this.#board.setPolicy(policy);
	}
}

function createAccounts(config: Config, log: Log): Accounts {
	const { workspace, skeleton, shell } = config;
	if (config.mode === "local") return new LocalAccounts({ workspace, skeleton });
	return new LinuxAccounts({ workspace, skeleton, shell, log });
}

function createShells(config: Config, ownProcessesLimit: number | null): Shells {
	const { shell, searchPath, motdPath, infoDir, toolsDir } = config;
	const options: ShellOptions = {
		shell,
		searchPath,
		motdPath,
		infoPath: ({ username }) => join(infoDir, username),
	};
	if (toolsDir !== null) return new LocalShells({ ...options, toolsDir });
	return new ContainerShells(options, ownProcessesLimit);
}
