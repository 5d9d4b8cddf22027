/** Which tokens were used, for as long as they could be used again. */
import type { UsedTokens } from "../core/used-tokens.ts";
import type { Database } from "./database.ts";

export class SqliteUsedTokens implements UsedTokens {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	use(issuer: string, tokenId: string, endsAt: number): boolean {
		return this.#database.inTransaction(() => {
			this.#database.run("DELETE FROM used_tokens WHERE ends_at < ?", Date.now());
			const { changes } = this.#database.run(
				"INSERT OR IGNORE INTO used_tokens (issuer, token_id, ends_at) VALUES (?, ?, ?)",
				...[issuer, tokenId, endsAt],
			);
			return changes > 0;
		});
	}
}
