/** Who signs in by name and password. */
import type { PasswordAccount, PasswordStore } from "../core/passwords.ts";
import { UserId } from "../protocol/ids.ts";
import type { Database, Row } from "./database.ts";
import { timeIn } from "./sqlite-users.ts";

export class SqlitePasswords implements PasswordStore {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	insert(userId: UserId, name: string, nameKey: string): boolean {
		const { changes } = this.#database.run(
			"INSERT INTO passwords (user_id, name, name_key) VALUES (?, ?, ?) ON CONFLICT (name_key) DO NOTHING",
			...[userId, name, nameKey],
		);
		return changes > 0;
	}

	find(userId: UserId): PasswordAccount | null {
		const row = this.#database.get("SELECT * FROM passwords WHERE user_id = ?", userId);
		return row === null ? null : accountIn(row);
	}

	findByName(nameKey: string): PasswordAccount | null {
		const row = this.#database.get("SELECT * FROM passwords WHERE name_key = ?", nameKey);
		return row === null ? null : accountIn(row);
	}

	setHash(userId: UserId, hash: string | null, changedAt: number | null): void {
		this.#database.run("UPDATE passwords SET hash = ?, changed_at = ? WHERE user_id = ?", hash, changedAt, userId);
	}
}

function accountIn(row: Row): PasswordAccount {
	return {
		userId: UserId.parse(row.user_id),
		name: String(row.name),
		hash: row.hash === null ? null : String(row.hash),
		changedAt: timeIn(row.changed_at),
	};
}
