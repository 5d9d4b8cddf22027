/** Makes homes as root, in a folder where only agents can make entries. */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { chmod, chown, cp, lchown, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../../server/protocol/errors.ts";
import { Username } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";

const PRIVATE = 0o700;

/** Throws `BerthError` ACCOUNT_CONFLICT where the path is taken by anything but this account's own folder. */
export async function isOwnFolder(path: string, uid: number): Promise<boolean> {
	const found = await statOrNull(path);
	if (found === null) return false;
	if (!found.isDirectory() || found.uid !== uid) throw new BerthError("ACCOUNT_CONFLICT", { detail: path });
	return true;
}

/**
 * Builds the home under a name that nobody can guess or enter, and moves it into place complete: at no time does root
 * touch a path that a user could have replaced by a link.
 */
export async function makeHome(workspace: string, { username, uid }: Account, skeleton: string): Promise<void> {
	const draft = join(workspace, `.berth-${randomBytes(16).toString("hex")}`);
	try {
		await mkdir(draft, { mode: PRIVATE });
		await cp(skeleton, draft, { recursive: true, verbatimSymlinks: true });
		await chmod(draft, PRIVATE);
		await giveContents(draft, uid);
		await chown(draft, uid, uid);
		await rename(draft, join(workspace, username));
	} catch (thrown) {
		await rm(draft, { recursive: true, force: true });
		throw thrown;
	}
}

/** Names and owners of the homes on the volume, in name order. */
export async function listHomes(
	workspace: string,
	{ after, limit }: { after: string; limit: number },
): Promise<{ homes: Account[]; next: string | null }> {
	const names = (await readdir(workspace)).filter((name) => name > after && Username.safeParse(name).success).sort();
	const homes: Account[] = [];
	for (const name of names) {
		if (homes.length === limit) return { homes, next: homes.at(-1)?.username ?? null };
		const found = await statOrNull(join(workspace, name));
		if (found?.isDirectory() && found.uid > 0) homes.push(asAccount(name, found));
	}
	return { homes, next: null };
}

/** The name of another home with this owner. */
export async function findHomeOf(workspace: string, { username, uid }: Account): Promise<string | null> {
	const { homes } = await listHomes(workspace, { after: "", limit: Number.POSITIVE_INFINITY });
	return homes.find((home) => home.uid === uid && home.username !== username)?.username ?? null;
}

function asAccount(name: string, { uid }: Stats): Account {
	return { username: Username.parse(name), uid: uid as Account["uid"] };
}

async function giveContents(folder: string, uid: number): Promise<void> {
	for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
		await lchown(join(entry.parentPath, entry.name), uid, uid);
	}
}

async function statOrNull(path: string): Promise<Stats | null> {
	try {
		return await lstat(path);
	} catch (thrown) {
		if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return null;
		throw thrown;
	}
}
