/** A database of a test's own, in a folder that goes with it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Database } from "../../server/store/database.ts";

export function openDatabase(t: TestContext): Database {
	const folder = mkdtempSync(join(tmpdir(), "berth-store-"));
	const database = new Database(join(folder, "berth.sqlite"));
	t.after(() => {
		database[Symbol.dispose]();
		rmSync(folder, { recursive: true });
	});
	return database;
}
