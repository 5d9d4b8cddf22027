import assert from "node:assert/strict";
import { chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSystemIds, writeAccountFiles } from "../../container-image/agent/extrausers.ts";
import { isOwnFolder, listHomes, makeHome } from "../../container-image/agent/home.ts";
import { Uid, Username } from "../../server/protocol/ids.ts";

const OWN_UID = process.getuid?.() ?? -1;

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), "berth-homes-"));
	try {
		await run(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

test("a folder is one's own only as a folder of one's own", async () => {
	await withFolder(async (folder) => {
		const conflict = { code: "ACCOUNT_CONFLICT" };
		await mkdir(join(folder, "home"));
		await writeFile(join(folder, "file"), "");
		await symlink(join(folder, "home"), join(folder, "link"));
		assert.equal(await isOwnFolder(join(folder, "home"), OWN_UID), true);
		assert.equal(await isOwnFolder(join(folder, "missing"), OWN_UID), false);
		await assert.rejects(isOwnFolder(join(folder, "home"), OWN_UID + 1), conflict);
		await assert.rejects(isOwnFolder(join(folder, "file"), OWN_UID), conflict);
		await assert.rejects(isOwnFolder(join(folder, "link"), OWN_UID), conflict);
	});
});

test("homes that fail to be made leave nothing behind", async () => {
	await withFolder(async (folder) => {
		const account = { username: Username.parse("ada"), uid: Uid.parse(20_001) };
		await assert.rejects(makeHome(folder, account, join(folder, "no-skeleton")));
		assert.deepEqual(await readdir(folder), []);
	});
});

test("homes are folders with a user's name and an owner, page by page in the order of names", async () => {
	await withFolder(async (folder) => {
		const homes = ["zoe", "ada", "bob-2"];
		for (const name of [...homes, "Not-A-Name", ".berth-draft", "lost+found"]) await mkdir(join(folder, name));
		if (OWN_UID === 0) {
			// Root's folders are nobody's home.
			await mkdir(join(folder, "rooted"));
			for (const name of homes) await chown(join(folder, name), 20_001, 20_001);
		}
		await writeFile(join(folder, "file"), "");
		await symlink("/tmp", join(folder, "link"));
		const page = async (after: string) => {
			const { homes, next } = await listHomes(folder, { after, limit: 2 });
			return { names: homes.map(({ username }) => username), next };
		};
		assert.deepEqual(await page(""), { names: ["ada", "bob-2"], next: "bob-2" });
		assert.deepEqual(await page("bob-2"), { names: ["zoe"], next: null });
	});
});

test("account files are written as the system reads them, without a way to log in by password", async () => {
	await withFolder(async (folder) => {
		const home = "/workspace/ada";
		const entry = { username: Username.parse("ada"), uid: Uid.parse(20_001), home, shell: "/bin/bash" };
		writeAccountFiles(folder, [entry]);
		const { names, ids } = readSystemIds(folder);
		assert.deepEqual([[...names], [...ids]], [["ada"], [20_001]]);
		assert.deepEqual((await readdir(folder)).sort(), ["group", "passwd", "shadow"]);
	});
});

test("the system's own names and numbers are known", () => {
	const { names, ids } = readSystemIds();
	for (const name of ["root", "daemon", "www-data"]) assert.ok(names.has(name), name);
	for (const id of [0, 1, 33]) assert.ok(ids.has(id), String(id));
});
