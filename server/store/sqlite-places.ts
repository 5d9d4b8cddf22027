/** Who has which uid and which place. Losing it loses no file of a user; see `recordHomes`. */
import type { AccountStore, Home } from "../core/accounts.ts";
import { type Assignment, type AssignmentStore, chooseContainer, type ReleasedPlace } from "../core/assignment.ts";
import type { Visitor } from "../core/identity.ts";
import { BerthError } from "../protocol/errors.ts";
import { Ordinal, Uid, type UserId, Username } from "../protocol/ids.ts";
import type { Database } from "./database.ts";
import { visitorIn } from "./sqlite-users.ts";

export class SqlitePlaces implements AccountStore, AssignmentStore {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	register(visitor: Visitor, now: number): Uid {
		const { userId, username, issuer, subject, displayName } = visitor;
		const known = this.#database.get(
			"SELECT uid, username FROM uids WHERE username = (SELECT username FROM users WHERE user_id = ?)",
			userId,
		);
		// A page that was open before `giveBack`: it has to come again, under the name that its user has now.
		if (known !== null && known.username !== username) throw new BerthError("UNAUTHENTICATED");
		if (known !== null) return Uid.parse(known.uid);
		return this.#database.inTransaction(() => {
			this.#database.run(
				`INSERT OR IGNORE INTO users (user_id, issuer, subject, username, display_name, created_at)
					 VALUES (?, ?, ?, ?, ?, ?)`,
				...[userId, issuer, subject, username, displayName, now],
			);
			this.#refuseSharedName(visitor);
			return this.#uidFor(username);
		});
	}

	recordHomes(homes: readonly Home[]): Home[] {
		return this.#database.inTransaction(() =>
			homes.filter(({ uid, username }) => {
				const { changes } = this.#database.run(
					"INSERT OR IGNORE INTO uids (uid, username) VALUES (?, ?)",
					...[uid, username],
				);
				if (changes > 0) this.#giveBack(username);
				return this.#database.get("SELECT 1 FROM uids WHERE uid = ? AND username = ?", uid, username) === null;
			}),
		);
	}

	find(userId: UserId): Assignment | null {
		const row = this.#database.get("SELECT ordinal FROM assignments WHERE user_id = ?", userId);
		return row === null ? null : { userId, ordinal: Ordinal.parse(row.ordinal) };
	}

	assign(userId: UserId, candidates: readonly Ordinal[], capacity: number, now: number): Assignment | null {
		return this.#database.inTransaction(() => {
			const known = this.find(userId);
			if (known !== null) return known;
			const ordinal = chooseContainer(candidates, this.usersByContainer(), capacity);
			if (ordinal === null) return null;
			this.#database.run(
				"INSERT INTO assignments (user_id, ordinal, assigned_at, used_at) VALUES (?, ?, ?, ?)",
				...[userId, ordinal, now, now],
			);
			return { userId, ordinal };
		});
	}

	release(userId: UserId): void {
		this.#database.run("DELETE FROM assignments WHERE user_id = ?", userId);
	}

	touch(userIds: readonly UserId[], now: number): void {
		this.#database.inTransaction(() => {
			for (const userId of userIds) {
				this.#database.run("UPDATE assignments SET used_at = ? WHERE user_id = ?", now, userId);
			}
		});
	}

	releaseUnusedSince(before: number): ReleasedPlace[] {
		const rows = this.#database.all(
			`DELETE FROM assignments WHERE used_at < ?
				 RETURNING ordinal, (SELECT username FROM users WHERE users.user_id = assignments.user_id) AS username`,
			before,
		);
		return rows.map(({ username, ordinal }) => ({
			username: Username.parse(username),
			ordinal: Ordinal.parse(ordinal),
		}));
	}

	placed(): { visitor: Visitor; ordinal: Ordinal }[] {
		const rows = this.#database.all("SELECT * FROM assignments JOIN users USING (user_id)");
		return rows.map((row) => ({ visitor: visitorIn(row), ordinal: Ordinal.parse(row.ordinal) }));
	}

	usersByContainer(): Map<Ordinal, number> {
		const rows = this.#database.all("SELECT ordinal, count(*) AS users FROM assignments GROUP BY ordinal");
		return new Map(rows.map(({ ordinal, users }) => [Ordinal.parse(ordinal), Number(users)]));
	}

	/**
	 * The database was lost, and a home's owner came back, under another name, before the home was known: it is theirs,
	 * unless they have another one by now.
	 */
	#giveBack(username: Username): void {
		this.#database.run(
			`UPDATE users SET username = ? WHERE username <> ? AND username GLOB ?
				 AND NOT EXISTS (SELECT 1 FROM uids WHERE uids.username = users.username)
				 AND NOT EXISTS (SELECT 1 FROM users AS others WHERE others.username = ?)`,
			...[username, username, `*-${username.slice(username.lastIndexOf("-") + 1)}`, username],
		);
	}

	#refuseSharedName({ userId, username }: Visitor): void {
		const row = this.#database.get("SELECT 1 FROM users WHERE user_id = ? AND username = ?", userId, username);
		if (row === null) throw new Error(`the username ${username} belongs to another identity`);
	}

	#uidFor(username: string): Uid {
		const known = this.#database.get("SELECT uid FROM uids WHERE username = ?", username);
		if (known !== null) return Uid.parse(known.uid);
		return Uid.parse(this.#database.run("INSERT INTO uids (username) VALUES (?)", username).lastRow);
	}
}
