/**
 * Makes one account's home another's: all of it, or a folder in it. What is moved lies in between in a folder that only
 * root enters, until it is the new owner's throughout; whoever asks again goes on from there. In a container the folders
 * are root's work in places where users may have laid traps: names are only ever made and moved in folders that are
 * root's, but for the last step, and owners are changed by `chown`, which walks by descriptors and follows no link.
 */
import { execFile } from "node:child_process";
import { lstat, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { BerthError } from "../../server/protocol/errors.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { AccountTurns } from "./account-turns.ts";
import type { DiskMeter } from "./disk-usage.ts";
import { isOwnFolder } from "./home.ts";
import { launchCommand, SYSTEM_PATH } from "./launch.ts";
import type { Log } from "./log.ts";

export type HomeAdoptionOptions = {
	workspace: string;
	skeleton: string;
	/** False where all homes have one owner. */
	areApart: boolean;
	turns: AccountTurns;
	meter: DiskMeter;
	/** Ends all that the account runs here. */
	endAll(account: Account): Promise<void>;
	/** Whether anything of the account runs here, or is about to. */
	isRunning(account: Account): Promise<boolean>;
	/** The account has more files now. */
	onAdopted(account: Account): void;
	log: Log;
};

export type Adoption = { from: Account; to: Account /** What `to` may have. */; diskBytes: number };

type Paths = { fromHome: string; toHome: string; between: string; moved: string; old: string };

const PRIVATE = 0o700;
/** A million files take some ten seconds. */
const WALK_LIMIT_MS = 10 * 60_000;
const MAX_WALKS = 5;
const WALK_PAUSE_MS = 200;
/** What a shell makes by itself. */
const OWN_FOLDER = ".tmp";
const MOST_NAMES = 100;

export class HomeAdoption {
	readonly #options: HomeAdoptionOptions;

	constructor(options: HomeAdoptionOptions) {
		this.#options = options;
	}

	/**
	 * Returns the folder's name in the home of `to`, empty where it is the home; null where there was nothing to take.
	 * Throws `BerthError` ACCOUNT_CONFLICT or NO_ROOM; then nothing was changed, but `from` runs nothing any more.
	 */
	async adopt(adoption: Adoption): Promise<string | null> {
		const { from, to } = adoption;
		if (from.username === to.username || from.uid === to.uid) {
			throw new BerthError("BAD_REQUEST", { detail: "from and to are the same" });
		}
		return await this.#options.turns.alone([from.username, to.username], () => this.#adopt(adoption));
	}

	async #adopt(adoption: Adoption): Promise<string | null> {
		const { from, to } = adoption;
		const paths = this.#pathsOf(adoption);
		await this.#options.endAll(from);
		// What was begun before, by an agent that did not come to its end.
		const earlier = (await isThere(paths.moved)) ? await this.#place(paths, adoption) : null;
		await this.#remove(paths.between);
		if (!(await this.#isHome(paths.fromHome, from))) return earlier;
		await this.#isHome(paths.toHome, to);
		await this.#refuseTooMuch(paths, adoption);
		await mkdir(paths.between, { mode: PRIVATE });
		await rename(paths.fromHome, paths.moved);
		const folder = await this.#place(paths, adoption);
		await this.#remove(paths.between);
		this.#options.onAdopted(to);
		this.#options.log.info({ from: from.username, to: to.username, folder }, "a home was adopted");
		return folder;
	}

	#pathsOf({ from, to }: Adoption): Paths {
		const { workspace } = this.#options;
		const between = join(workspace, `.berth-adopt-${from.uid}-${to.uid}`);
		return {
			fromHome: join(workspace, from.username),
			toHome: join(workspace, to.username),
			between,
			moved: join(between, "home"),
			old: join(between, "old"),
		};
	}

	/** What was moved becomes the new owner's, and comes to its place. */
	async #place({ moved, old, toHome }: Paths, { from, to }: Adoption): Promise<string> {
		await this.#giveAll(moved, from, to);
		await this.#remove(old);
		if (await this.#isHome(toHome, to)) {
			if ((await this.#options.isRunning(to)) || !(await this.#isAsMade(toHome))) return await moveInto(toHome, moved);
			await rename(toHome, old);
		}
		await rename(moved, toHome);
		return "";
	}

	/** Whether there is such a folder. Throws `BerthError` ACCOUNT_CONFLICT where something else is. */
	async #isHome(path: string, { uid }: Account): Promise<boolean> {
		return await isOwnFolder(path, this.#options.areApart ? uid : (process.getuid?.() ?? uid));
	}

	async #refuseTooMuch({ fromHome, toHome }: Paths, { diskBytes, from, to }: Adoption): Promise<void> {
		const { areApart, meter } = this.#options;
		if (!areApart) return;
		const used = await Promise.all([meter.measure(fromHome, from.uid), meter.measure(toHome, to.uid)]);
		const [theirs, own] = used.map((usage) => usage?.usedBytes ?? 0);
		if ((theirs ?? 0) + (own ?? 0) > diskBytes) throw new BerthError("NO_ROOM");
	}

	/** Whether nothing is in it but what it was made with. */
	async #isAsMade(home: string): Promise<boolean> {
		const { skeleton } = this.#options;
		const made = new Set(await readdir(skeleton));
		for (const name of await readdir(home)) {
			const isFine = made.has(name)
				? await isSameFile(join(home, name), join(skeleton, name))
				: name === OWN_FOLDER && (await isEmptyFolder(join(home, name)));
			if (!isFine) return false;
		}
		return true;
	}

	/** What others own stays theirs, also where it has a name in there; so does what links lead to. */
	async #giveAll(folder: string, from: Account, to: Account): Promise<void> {
		if (!this.#options.areApart) return;
		const give = ["/bin/chown", "-R", "-P", "-h", `--from=${from.uid}`, "--", `${to.uid}:${to.uid}`, folder];
		const findLeft = ["/usr/bin/find", "-P", folder, "-xdev", "-user", String(from.uid), "-print", "-quit"];
		// Somebody else whom the guest gave a descriptor of a folder in there can have names come and go meanwhile.
		for (let walks = 0; walks < MAX_WALKS; walks += 1) {
			if (walks > 0) await sleep(WALK_PAUSE_MS);
			if ((await canRun(give)) && (await run(findLeft).catch(() => "unknown")) === "") return;
		}
		throw new Error(`${folder} could not be given to ${to.username}: somebody changes it all the while`);
	}

	async #remove(folder: string): Promise<void> {
		if (await isThere(folder)) await run(["/bin/rm", "-rf", "--one-file-system", "--", folder]);
	}
}

/** As the agent's own user. Returns what it printed; throws where it fails. */
async function run(program: string[]): Promise<string> {
	const { file, args } = launchCommand({ program, niceness: 5 });
	const env = { PATH: SYSTEM_PATH, LC_ALL: "C" };
	const options = { env, cwd: "/", timeout: WALK_LIMIT_MS, killSignal: "SIGKILL" } as const;
	return (await promisify(execFile)(file, args, options)).stdout;
}

async function canRun(program: string[]): Promise<boolean> {
	return await run(program).then(
		() => true,
		() => false,
	);
}

/** Under a name that is free: the folder is its user's, who may have put anything there. Links are not followed. */
async function moveInto(home: string, moved: string): Promise<string> {
	const date = new Date().toISOString().slice(0, 10);
	for (let number = 1; number <= MOST_NAMES; number += 1) {
		const name = `guest-${date}${number === 1 ? "" : `-${number}`}`;
		try {
			// In place of an empty folder it would be moved as well; there nothing is lost by it.
			await rename(moved, join(home, name));
			return name;
		} catch (thrown) {
			if (!IS_TAKEN.has(String(Object(thrown).code))) throw thrown;
		}
	}
	throw new BerthError("ACCOUNT_CONFLICT", { detail: `guest-${date} and its like are taken` });
}
const IS_TAKEN = new Set(["EEXIST", "ENOTEMPTY", "ENOTDIR"]);

async function isThere(path: string): Promise<boolean> {
	return await lstat(path).then(
		() => true,
		(thrown: unknown) => {
			if (Object(thrown).code === "ENOENT") return false;
			throw thrown;
		},
	);
}

async function isSameFile(path: string, original: string): Promise<boolean> {
	const [found, wanted] = await Promise.all([lstat(path), lstat(original)]);
	if (!found.isFile() || !wanted.isFile() || found.size !== wanted.size) return false;
	const [content, expected] = await Promise.all([readFile(path), readFile(original)]);
	return content.equals(expected);
}

async function isEmptyFolder(path: string): Promise<boolean> {
	return (await lstat(path)).isDirectory() && (await readdir(path)).length === 0;
}
