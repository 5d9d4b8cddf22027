/** Tokens of the API, by their hashes. */
import type { ApiToken, ApiTokenStore } from "../core/api-tokens.ts";
import type { Database, Row } from "./database.ts";
import { timeIn } from "./sqlite-users.ts";

export class SqliteApiTokens implements ApiTokenStore {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	insert({ name, createdAt, createdBy }: ApiToken, hash: Buffer): boolean {
		const { changes } = this.#database.run(
			"INSERT OR IGNORE INTO api_tokens (name, token_hash, created_at, created_by) VALUES (?, ?, ?, ?)",
			...[name, hash, createdAt, createdBy],
		);
		return changes > 0;
	}

	findByHash(hash: Buffer): ApiToken | null {
		const row = this.#database.get("SELECT * FROM api_tokens WHERE token_hash = ?", hash);
		return row === null ? null : tokenIn(row);
	}

	list(): ApiToken[] {
		return this.#database.all("SELECT * FROM api_tokens ORDER BY created_at, name").map(tokenIn);
	}

	touch(name: string, now: number): void {
		this.#database.run("UPDATE api_tokens SET used_at = ? WHERE name = ?", now, name);
	}

	remove(name: string): boolean {
		return this.#database.run("DELETE FROM api_tokens WHERE name = ?", name).changes > 0;
	}
}

function tokenIn(row: Row): ApiToken {
	return {
		name: String(row.name),
		createdAt: Number(row.created_at),
		createdBy: String(row.created_by),
		usedAt: timeIn(row.used_at),
	};
}
