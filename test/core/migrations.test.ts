/** A database of the version before: everybody in it is who they were, with the rights of a user. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import { visitorOf } from "../../server/core/identity.ts";
import { Database } from "../../server/store/database.ts";
import { SqlitePlaces } from "../../server/store/sqlite-places.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

/** As the first version made it; it stays as it is. */
const SCHEMA_1 = `
	CREATE TABLE users (
		user_id TEXT PRIMARY KEY, issuer TEXT NOT NULL, subject TEXT NOT NULL, username TEXT NOT NULL UNIQUE,
		display_name TEXT NOT NULL, created_at INTEGER NOT NULL, UNIQUE (issuer, subject)
	) STRICT;
	CREATE TABLE uids (uid INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT NOT NULL UNIQUE) STRICT;
	INSERT INTO sqlite_sequence (name, seq) VALUES ('uids', 19999);
	CREATE TABLE assignments (
		user_id TEXT PRIMARY KEY REFERENCES users, ordinal INTEGER NOT NULL, assigned_at INTEGER NOT NULL,
		used_at INTEGER NOT NULL
	) STRICT;
	CREATE INDEX assignments_by_ordinal ON assignments (ordinal);
	CREATE INDEX assignments_by_use ON assignments (used_at);
	PRAGMA user_version = 1;
`;
const GUEST = visitorOf({ issuer: "anonymous", subject: "somebody", displayName: "guest" });

function oldFile(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "berth-store-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "berth.sqlite");
	const old = new Sqlite(file);
	old.exec(SCHEMA_1);
	const { displayName, issuer, subject, userId, username } = GUEST;
	old.prepare("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?)").run(userId, issuer, subject, username, displayName, 7);
	old.prepare("INSERT INTO uids (username) VALUES (?)").run(username);
	old.prepare("INSERT INTO assignments VALUES (?, 3, 7, 7)").run(userId);
	old.close();
	return file;
}

test("a guest of the version before keeps name, uid and place, and is a user like any other", (t) => {
	using database = new Database(oldFile(t));
	const user = new SqliteUsers(database).remember(GUEST, 9_000);
	assert.deepEqual(user, { ...GUEST, role: "user", tier: null, disabledAt: null, createdAt: 7, signedInAt: null });
	const places = new SqlitePlaces(database);
	assert.equal(places.register(GUEST, 9_000), 20_000);
	assert.equal(places.find(GUEST.userId)?.ordinal, 3);
});

test("a file of the version before becomes as a new one is, and opening it again changes nothing", (t) => {
	const file = oldFile(t);
	const schemaOf = (database: Database): unknown =>
		database.all("SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name");
	const columnsOf = (database: Database): unknown =>
		database.all(
			`SELECT m.name AS part, c.name, c.type, c."notnull", c.dflt_value FROM sqlite_schema m, pragma_table_info(m.name) c
				 WHERE m.type = 'table' ORDER BY m.name, c.name`,
		);
	const fresh = openDatabase(t);
	for (let opening = 0; opening < 2; opening += 1) {
		using database = new Database(file);
		assert.deepEqual(schemaOf(database), schemaOf(fresh));
		assert.deepEqual(columnsOf(database), columnsOf(fresh));
		assert.deepEqual(database.all("PRAGMA foreign_key_check"), []);
		assert.equal(database.get("PRAGMA integrity_check")?.integrity_check, "ok");
	}
});

test("work that fails half way leaves nothing behind, also within other work", (t) => {
	const database = openDatabase(t);
	const users = new SqliteUsers(database);
	const countUsers = (): unknown => database.get("SELECT count(*) AS users FROM users")?.users;
	assert.throws(() =>
		database.inTransaction(() => {
			users.remember(GUEST, 0);
			throw new Error("half way");
		}),
	);
	assert.equal(countUsers(), 0);
	database.inTransaction(() => {
		users.remember(GUEST, 0);
		assert.throws(() =>
			database.inTransaction(() => {
				users.remember({ ...GUEST, subject: "another" }, 0);
				throw new Error("half way");
			}),
		);
	});
	assert.equal(countUsers(), 1);
});
