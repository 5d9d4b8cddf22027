/**
 * The account files that `libnss-extrausers` reads beside `/etc/passwd` and its like, which are read-only.
 * Written whole and moved into place: a reader never sees half a file.
 */
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "../../server/protocol/link.ts";

export type AccountEntry = Account & { home: string; shell: string };

/** Names and ids that the image itself has. */
export type SystemIds = { names: ReadonlySet<string>; ids: ReadonlySet<number> };

export function readSystemIds(etc = "/etc"): SystemIds {
	const lines = ["passwd", "group"].flatMap((file) => readFileSync(join(etc, file), "utf8").split("\n"));
	const rows = lines.filter((line) => line !== "").map((line) => line.split(":"));
	return {
		names: new Set(rows.map(([name]) => name ?? "")),
		ids: new Set(rows.map(([, , id]) => Number(id))),
	};
}

export function writeAccountFiles(folder: string, accounts: Iterable<AccountEntry>): void {
	const entries = [...accounts];
	mkdirSync(folder, { recursive: true, mode: 0o755 });
	// No password, and none can be given: the only way in is the agent.
	replaceFile(folder, "shadow", 0o600, entries, ({ username }) => `${username}:!*:19000:0:99999:7:::`);
	replaceFile(folder, "group", 0o644, entries, ({ username, uid }) => `${username}:x:${uid}:`);
	replaceFile(
		folder,
		"passwd",
		0o644,
		entries,
		({ username, uid, home, shell }) => `${username}:x:${uid}:${uid}::${home}:${shell}`,
	);
}

function replaceFile(
	folder: string,
	name: string,
	mode: number,
	entries: AccountEntry[],
	line: (entry: AccountEntry) => string,
): void {
	const draft = join(folder, `.${name}.new`);
	writeFileSync(draft, entries.map((entry) => `${line(entry)}\n`).join(""), { mode });
	chmodSync(draft, mode);
	renameSync(draft, join(folder, name));
}
