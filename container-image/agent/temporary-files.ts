/**
 * Removes what an account leaves in temporary folders once it has no session any more. Done as the account itself: no
 * link that it has laid there leads to anything that is not its own anyway.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import type { Account } from "../../server/protocol/link.ts";
import { launchCommand, SYSTEM_PATH } from "./launch.ts";

/** Shared by all: small, and kept in memory. */
const SHARED_FOLDERS = ["/tmp", "/var/tmp"];
/** Within the home, so that it counts as the account's own disk space. */
const OWN_FOLDER = ".tmp";
/** Programs of the last session are being ended meanwhile. */
const AFTER_MS = 5_000;
const LIMIT_MS = 60_000;

export function temporaryFolderOf(home: string): string {
	return join(home, OWN_FOLDER);
}

export class TemporaryFiles implements Disposable {
	readonly #waiting = new Map<number, NodeJS.Timeout>();

	/** The account has sessions: its files stay. */
	keep({ uid }: Account): void {
		clearTimeout(this.#waiting.get(uid));
		this.#waiting.delete(uid);
	}

	/** The account has no session any more. */
	removeSoon(account: Account, home: string): void {
		this.keep(account);
		const timer = setTimeout(() => this.#remove(account, home), AFTER_MS);
		this.#waiting.set(account.uid, timer);
	}

	[Symbol.dispose](): void {
		for (const timer of this.#waiting.values()) clearTimeout(timer);
	}

	/** What cannot be removed now is removed the next time. */
	#remove({ uid }: Account, home: string): void {
		this.#waiting.delete(uid);
		const folders = [...SHARED_FOLDERS, temporaryFolderOf(home)];
		const program = ["/usr/bin/find", ...folders, "-xdev", "-mindepth", "1", "-user", String(uid), "-delete"];
		const { file, args } = launchCommand({ program, uid, niceness: 10 });
		const env = { PATH: SYSTEM_PATH, LC_ALL: "C" };
		execFile(file, args, { env, cwd: "/", timeout: LIMIT_MS, killSignal: "SIGKILL" }, () => {});
	}
}
