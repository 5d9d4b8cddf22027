/**
 * Removes what an account leaves in temporary folders once it has no session any more. Done as the account itself: no
 * link that it has laid there leads to anything that is not its own anyway.
 */
import { execFile } from "node:child_process";
import { opendir } from "node:fs/promises";
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
	/** By uid: whose turn has not come yet. */
	readonly #due = new Set<number>();
	/** One account after the other: where a class ends, all of them are due at once. */
	#queue: Promise<void> = Promise.resolve();

	/** The account has sessions: its files stay. */
	keep({ uid }: Account): void {
		clearTimeout(this.#waiting.get(uid));
		this.#waiting.delete(uid);
		this.#due.delete(uid);
	}

	/** The account has no session any more. */
	removeSoon(account: Account, home: string): void {
		this.keep(account);
		const timer = setTimeout(() => this.#onDue(account, home), AFTER_MS);
		this.#waiting.set(account.uid, timer);
	}

	[Symbol.dispose](): void {
		for (const timer of this.#waiting.values()) clearTimeout(timer);
	}

	#onDue(account: Account, home: string): void {
		this.#waiting.delete(account.uid);
		this.#due.add(account.uid);
		this.#queue = this.#queue.then(async () => {
			if (this.#due.delete(account.uid)) await remove(account, home);
		});
	}
}

/** What cannot be removed now is removed the next time. Never throws. */
async function remove({ uid }: Account, home: string): Promise<void> {
	// Mostly there is nothing, and to look costs a hundredth of starting a program that looks.
	const folders = await filledOf([...SHARED_FOLDERS, temporaryFolderOf(home)]);
	if (folders.length === 0) return;
	const program = ["/usr/bin/find", ...folders, "-xdev", "-mindepth", "1", "-user", String(uid), "-delete"];
	const { file, args } = launchCommand({ program, uid, niceness: 10 });
	const env = { PATH: SYSTEM_PATH, LC_ALL: "C" };
	await new Promise<void>((resolve) => {
		execFile(file, args, { env, cwd: "/", timeout: LIMIT_MS, killSignal: "SIGKILL" }, () => resolve());
	});
}

/** Those of the folders that have anything in them. */
async function filledOf(folders: readonly string[]): Promise<string[]> {
	const filled: string[] = [];
	for (const folder of folders) if (!(await isEmpty(folder))) filled.push(folder);
	return filled;
}

/** Also where it is not there. */
async function isEmpty(folder: string): Promise<boolean> {
	try {
		await using entries = await opendir(folder);
		return (await entries.read()) === null;
	} catch {
		return true;
	}
}
