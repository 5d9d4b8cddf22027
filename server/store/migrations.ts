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
	`
	ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'user';
	ALTER TABLE users ADD COLUMN tier TEXT;
	ALTER TABLE users ADD COLUMN disabled_at INTEGER;
	ALTER TABLE users ADD COLUMN signed_in_at INTEGER;

	CREATE TABLE sign_ins (
		sign_in_id TEXT PRIMARY KEY,
		token_hash BLOB NOT NULL UNIQUE,
		user_id    TEXT NOT NULL REFERENCES users,
		method     TEXT NOT NULL,
		created_at INTEGER NOT NULL,
		used_at    INTEGER NOT NULL,
		ends_at    INTEGER NOT NULL,
		address    TEXT NOT NULL,
		device     TEXT NOT NULL,
		-- The issuer's own sign-in: its name there, and the token that proves it.
		issuer_sid TEXT,
		id_token   TEXT
	) STRICT;
	CREATE INDEX sign_ins_by_user ON sign_ins (user_id);
	CREATE INDEX sign_ins_by_use ON sign_ins (used_at);

	-- Who signs in by name and password. No hash: the password has not been set yet, or was reset.
	CREATE TABLE passwords (
		user_id    TEXT PRIMARY KEY REFERENCES users,
		-- As it was given, and as it is compared.
		name       TEXT NOT NULL,
		name_key   TEXT NOT NULL UNIQUE,
		hash       TEXT,
		changed_at INTEGER
	) STRICT;

	-- One-time links. No user: whoever accepts it becomes one.
	CREATE TABLE invitations (
		token_hash BLOB PRIMARY KEY,
		kind       TEXT NOT NULL,
		user_id    TEXT REFERENCES users,
		created_at INTEGER NOT NULL,
		ends_at    INTEGER NOT NULL
	) STRICT;

	-- Tokens of issuers that were used, kept until they would have ended anyway.
	CREATE TABLE used_tokens (
		issuer   TEXT NOT NULL,
		token_id TEXT NOT NULL,
		ends_at  INTEGER NOT NULL,
		PRIMARY KEY (issuer, token_id)
	) STRICT, WITHOUT ROWID;
	CREATE INDEX used_tokens_by_end ON used_tokens (ends_at);

	CREATE TABLE api_tokens (
		name       TEXT PRIMARY KEY,
		token_hash BLOB NOT NULL UNIQUE,
		created_at INTEGER NOT NULL,
		created_by TEXT NOT NULL,
		used_at    INTEGER
	) STRICT;

	-- Encrypted with the key that key_id names. Without a reference: they may be given before the user comes.
	CREATE TABLE secrets (
		user_id    TEXT NOT NULL,
		name       TEXT NOT NULL,
		key_id     TEXT NOT NULL,
		nonce      BLOB NOT NULL,
		sealed     BLOB NOT NULL,
		changed_at INTEGER NOT NULL,
		changed_by TEXT NOT NULL,
		PRIMARY KEY (user_id, name)
	) STRICT, WITHOUT ROWID;

	-- Each line's hash is over its text and the hash of the line before, keyed: see core/audit-chain.ts. The triggers are
	-- against accidents; whoever means it can drop them, and is found out by the hashes.
	CREATE TABLE audit (
		seq  INTEGER PRIMARY KEY,
		line TEXT NOT NULL,
		hash BLOB NOT NULL
	) STRICT;

	-- What stands for the lines that were pruned: number and hash of the last of them, sealed with the key.
	CREATE TABLE audit_pruned (
		only INTEGER PRIMARY KEY CHECK (only = 1),
		seq  INTEGER NOT NULL,
		hash BLOB NOT NULL,
		seal BLOB NOT NULL
	) STRICT;

	CREATE TRIGGER audit_appends BEFORE INSERT ON audit WHEN NEW.seq <= (SELECT max(seq) FROM audit)
	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
	CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
	CREATE TRIGGER audit_is_pruned_only BEFORE DELETE ON audit
	WHEN OLD.seq > (SELECT coalesce(max(seq), 0) FROM audit_pruned)
	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
	CREATE TRIGGER audit_pruned_goes_on BEFORE UPDATE ON audit_pruned WHEN NEW.seq <= OLD.seq
	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
	CREATE TRIGGER audit_pruned_stays BEFORE DELETE ON audit_pruned
	BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
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
