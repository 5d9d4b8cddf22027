/** The schema, as the steps that lead to it. A step that was released is never edited: add another. */
import type { Database } from "better-sqlite3";
import { FIRST_UID } from "../core/accounts.ts";

const MIGRATIONS: readonly string[] = [
	`
	CREATE TABLE users (
		user_id      TEXT PRIMARY KEY,
		issuer       TEXT NOT NULL,
		subject      TEXT NOT NULL,
		username     TEXT NOT NULL UNIQUE,
		display_name TEXT NOT NULL,
		created_at   INTEGER NOT NULL,
		UNIQUE (issuer, subject)
	) STRICT;

	-- Apart from users, because it can be rebuilt from the volume, where nobody's identity is written.
	-- AUTOINCREMENT never gives a number twice, also not after its row is gone.
	CREATE TABLE uids (
		uid      INTEGER PRIMARY KEY AUTOINCREMENT,
		username TEXT NOT NULL UNIQUE
	) STRICT;
	INSERT INTO sqlite_sequence (name, seq) VALUES ('uids', ${FIRST_UID - 1});

	CREATE TABLE assignments (
		user_id     TEXT PRIMARY KEY REFERENCES users,
		ordinal     INTEGER NOT NULL,
		assigned_at INTEGER NOT NULL,
		used_at     INTEGER NOT NULL
	) STRICT;
	CREATE INDEX assignments_by_ordinal ON assignments (ordinal);
	CREATE INDEX assignments_by_use ON assignments (used_at);
	`,
];

/** Brings the schema up to date, each step in a transaction. Throws where the file is of a newer Berth. */
export function migrate(database: Database): void {
	const version = Number(database.pragma("user_version", { simple: true }));
	if (version > MIGRATIONS.length) {
		throw new Error(`the database has schema ${version}, this Berth knows ${MIGRATIONS.length}: use a newer Berth`);
	}
	for (const [index, step] of MIGRATIONS.entries()) {
		if (index < version) continue;
		database.transaction(() => {
			database.exec(step);
			database.pragma(`user_version = ${index + 1}`);
		})();
	}
}
