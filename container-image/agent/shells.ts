/** How an account's login shell is started, in a container and without one. */
import { chmodSync, chownSync } from "node:fs";
import type { AccountLimits } from "../../server/protocol/account-limits.ts";
import type { SessionId } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { Place } from "./accounts.ts";
import { EXPENDABLE, type Launch } from "./launch.ts";
import { temporaryFolderOf } from "./temporary-files.ts";

export type Bounds = {
	limits: AccountLimits;
	mayWrite: boolean;
	/** The user's secrets. Nothing that the shell goes by can be in them; if it were, it would not count. */
	environment: Readonly<Record<string, string>>;
};

export interface Shells {
	describe(account: Account, place: Place, sessionId: SessionId, bounds: Bounds): Launch;
	/** Owner of the account's processes; null where accounts are not kept apart. */
	ownerOf(account: Account): number | null;
	/** Makes the terminal the account's own: nobody else may read or write it, and tmux and ssh may open it. */
	giveTerminal(account: Account, path: string): void;
}

export type ShellOptions = {
	shell: string;
	searchPath: string;
	/** The account's file for `container-info`. */
	infoPath(account: Account): string;
	motdPath: string;
};

export class ContainerShells implements Shells {
	readonly #options: ShellOptions;

	constructor(options: ShellOptions) {
		this.#options = options;
	}

	describe(account: Account, { home }: Place, sessionId: SessionId, bounds: Bounds): Launch {
		const { shell } = this.#options;
		const { environment, limits, mayWrite } = bounds;
		const env = baseEnvironment(this.#options, account, { home, sessionId });
		const { fileBytes, openFiles: nofile, processes: nproc } = limits;
		const fsize = mayWrite ? fileBytes : 0;
		const tmp = temporaryFolderOf(home);
		return {
			...EXPENDABLE,
			limits: { ...EXPENDABLE.limits, fsize, nofile, nproc },
			program: [shell, "-l"],
			uid: account.uid,
			cwd: home,
			// Start files can tell: where nothing can be written, no history is kept.
			// tmux does not read TMPDIR, and its folder in /tmp could be taken by somebody else.
			env: {
				...environment,
				...env,
				...(mayWrite ? {} : { BERTH_DISK_FULL: "1" }),
				...{ TMPDIR: tmp, TMUX_TMPDIR: tmp },
			},
		};
	}

	ownerOf({ uid }: Account): number {
		return uid;
	}

	giveTerminal({ uid }: Account, path: string): void {
		chownSync(path, uid, uid);
		chmodSync(path, 0o600);
	}
}

/** Local mode: the agent's own user, with a home of its own. */
export class LocalShells implements Shells {
	readonly #options: ShellOptions & { toolsDir: string };

	constructor(options: ShellOptions & { toolsDir: string }) {
		this.#options = options;
	}

	describe(account: Account, { home }: Place, sessionId: SessionId, { environment }: Bounds): Launch {
		const { shell, toolsDir, searchPath } = this.#options;
		const env = baseEnvironment(this.#options, account, { home, sessionId });
		// `/etc/profile` sets PATH anew, so the skeleton's `.profile` puts the tools in front again.
		const path = { PATH: `${toolsDir}:${searchPath}`, BERTH_TOOLS: toolsDir };
		return { program: [shell, "-l"], cwd: home, env: { ...environment, ...env, ...path } };
	}

	ownerOf(): null {
		return null;
	}

	giveTerminal(): void {
		// It is the agent's own user's already.
	}
}

/** Built from nothing: whatever the agent was started with stays the agent's. */
function baseEnvironment(
	{ shell, searchPath, infoPath, motdPath }: ShellOptions,
	account: Account,
	{ home, sessionId }: { home: string; sessionId: SessionId },
): Record<string, string> {
	return {
		TERM: "xterm-256color",
		COLORTERM: "truecolor",
		LANG: "C.UTF-8",
		HOME: home,
		USER: account.username,
		LOGNAME: account.username,
		SHELL: shell,
		PATH: searchPath,
		BERTH_SESSION: sessionId,
		BERTH_INFO: infoPath(account),
		BERTH_MOTD: motdPath,
	};
}
