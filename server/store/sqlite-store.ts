/** The gateway's memory: one SQLite file. Losing it loses no file of a user; see `recordHomes`. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import type { AccountStore, Home } from "../core/accounts.ts";
import { type Assignment, type AssignmentStore, chooseContainer, type ReleasedPlace } from "../core/assignment.ts";
import type { Visitor } from "../core/identity.ts";
import { Ordinal, Uid, UserId, Username } from "../protocol/ids.ts";
import { migrate } from "./migrations.ts";

export class SqliteStore implements AccountStore, AssignmentStore, Disposable {
	readonly #database: Database.Database;
	/** By their text. */
	readonly #statements = new Map<string, Database.Statement<unknown[]>>();

	/** Opens or creates the file and brings its schema up to date. Throws where it was made by a newer Berth. */
	constructor(file: string) {
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		this.#database = new Database(file);
		this.#database.pragma("journal_mode = WAL");
		// In WAL mode NORMAL keeps the file whole through a crash; only the last moments before a power cut may be lost.
		this.#database.pragma("synchronous = NORMAL");
		this.#database.pragma("foreign_keys = ON");
		this.#database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
		migrate(this.#database);
	}

	register(visitor: Visitor, now: number): Uid {
		const { userId, username, issuer, subject, displayName } = visitor;
		const known = this.#statement(
			"SELECT uid FROM uids WHERE username = (SELECT username FROM users WHERE user_id = ?)",
		).get(userId);
		if (known !== undefined) return Uid.parse(columnOf(known, "uid"));
		return this.#inTransaction(() => {
			this.#statement(
				`INSERT OR IGNORE INTO users (user_id, issuer, subject, username, display_name, created_at)
					 VALUES (?, ?, ?, ?, ?, ?)`,
			).run(userId, issuer, subject, username, displayName, now);
			this.#refuseSharedName(visitor);
			return this.#uidFor(username);
		});
	}

	recordHomes(homes: readonly Home[]): Home[] {
		const insert = this.#statement("INSERT OR IGNORE INTO uids (uid, username) VALUES (?, ?)");
		const find = this.#statement("SELECT 1 FROM uids WHERE uid = ? AND username = ?");
		return this.#inTransaction(() =>
			homes.filter(({ uid, username }) => {
				insert.run(uid, username);
				return find.get(uid, username) === undefined;
			}),
		);
	}

	find(userId: UserId): Assignment | null {
		const row = this.#statement("SELECT ordinal FROM assignments WHERE user_id = ?").get(userId);
		return row === undefined ? null : { userId, ordinal: Ordinal.parse(columnOf(row, "ordinal")) };
	}

	assign(userId: UserId, candidates: readonly Ordinal[], capacity: number, now: number): Assignment | null {
		return this.#inTransaction(() => {
			const known = this.find(userId);
			if (known !== null) return known;
			const ordinal = chooseContainer(candidates, this.usersByContainer(), capacity);
			if (ordinal === null) return null;
			this.#statement("INSERT INTO assignments (user_id, ordinal, assigned_at, used_at) VALUES (?, ?, ?, ?)").run(
				userId,
				ordinal,
				now,
				now,
			);
			return { userId, ordinal };
		});
	}

	release(userId: UserId): void {
		this.#statement("DELETE FROM assignments WHERE user_id = ?").run(userId);
	}

	touch(userIds: readonly UserId[], now: number): void {
		const update = this.#statement("UPDATE assignments SET used_at = ? WHERE user_id = ?");
		this.#inTransaction(() => {
			for (const userId of userIds) update.run(now, userId);
		});
	}

	releaseUnusedSince(before: number): ReleasedPlace[] {
		const rows = this.#statement(
			`DELETE FROM assignments WHERE used_at < ?
				 RETURNING ordinal, (SELECT username FROM users WHERE users.user_id = assignments.user_id) AS username`,
		).all(before);
		return rows.map((row) => ({
			username: Username.parse(columnOf(row, "username")),
			ordinal: Ordinal.parse(columnOf(row, "ordinal")),
		}));
	}

	placed(): { visitor: Visitor; ordinal: Ordinal }[] {
		const rows = this.#statement(
			`SELECT ordinal, user_id AS userId, issuer, subject, username, display_name AS displayName
				 FROM assignments JOIN users USING (user_id)`,
		).all();
		return rows.map((row) => {
			const text = (column: string): string => String(columnOf(row, column));
			const identity = { issuer: text("issuer"), subject: text("subject"), displayName: text("displayName") };
			const visitor = { ...identity, userId: UserId.parse(text("userId")), username: Username.parse(text("username")) };
			return { visitor, ordinal: Ordinal.parse(columnOf(row, "ordinal")) };
		});
	}

	usersByContainer(): Map<Ordinal, number> {
		const rows = this.#statement("SELECT ordinal, count(*) AS users FROM assignments GROUP BY ordinal").all();
		return new Map(rows.map((row) => [Ordinal.parse(columnOf(row, "ordinal")), Number(columnOf(row, "users"))]));
	}

	[Symbol.dispose](): void {
		this.#database.close();
	}

	#refuseSharedName({ userId, username }: Visitor): void {
		const row = this.#statement("SELECT 1 FROM users WHERE user_id = ? AND username = ?").get(userId, username);
		if (row === undefined) throw new Error(`the username ${username} belongs to another identity`);
	}

	#uidFor(username: string): Uid {
		const known = this.#statement("SELECT uid FROM uids WHERE username = ?").get(username);
		if (known !== undefined) return Uid.parse(columnOf(known, "uid"));
		const { lastInsertRowid } = this.#statement("INSERT INTO uids (username) VALUES (?)").run(username);
		return Uid.parse(Number(lastInsertRowid));
	}

	/** Compiled once: to compile one takes longer than to run it, and each event of a page runs two. */
	#statement(sql: string): Database.Statement<unknown[]> {
		const known = this.#statements.get(sql);
		if (known !== undefined) return known;
		const statement = this.#database.prepare<unknown[]>(sql);
		this.#statements.set(sql, statement);
		return statement;
	}

	/** IMMEDIATE takes the write lock at the start, so that what was read still holds when it is written. */
	#inTransaction<T>(work: () => T): T {
		return this.#database.transaction(work).immediate();
	}
}

/** A second gateway on the same file holds the lock for microseconds; this long means that something is broken. */
const BUSY_TIMEOUT_MS = 5_000;

function columnOf(row: unknown, column: string): unknown {
	return Object(row)[column];
}
