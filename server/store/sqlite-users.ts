/** Who was ever here. */
import { type Identity, type Visitor, visitorOf } from "../core/identity.ts";
import type { User, UserChange, UserPage, UserStore } from "../core/users.ts";
import { UserId, Username } from "../protocol/ids.ts";
import { Role } from "../protocol/sign-in.ts";
import type { Database, Row } from "./database.ts";

/** Which column keeps what of a user may change. */
const COLUMNS = {
	role: "role",
	tier: "tier",
	disabledAt: "disabled_at",
	signedInAt: "signed_in_at",
	displayName: "display_name",
} as const satisfies Record<keyof UserChange, string>;

export class SqliteUsers implements UserStore {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	remember(identity: Identity, now: number): User {
		const visitor = visitorOf(identity);
		const { userId, issuer, subject, displayName } = visitor;
		return this.#database.inTransaction(() => {
			const known = this.find(userId);
			if (known !== null) return known;
			this.#database.run(
				`INSERT INTO users (user_id, issuer, subject, username, display_name, created_at)
					 VALUES (?, ?, ?, ?, ?, ?)`,
				...[userId, issuer, subject, this.#nameFor(visitor), displayName, now],
			);
			return this.#mustFind(userId);
		});
	}

	find(userId: UserId): User | null {
		const row = this.#database.get("SELECT * FROM users WHERE user_id = ?", userId);
		return row === null ? null : userIn(row);
	}

	findByUsername(username: Username): User | null {
		const row = this.#database.get("SELECT * FROM users WHERE username = ?", username);
		return row === null ? null : userIn(row);
	}

	list({ after, limit, search }: UserPage): User[] {
		const rows = this.#database.all(
			`SELECT * FROM users
				 WHERE (? IS NULL OR (created_at, user_id) > (SELECT created_at, user_id FROM users WHERE user_id = ?))
				   AND (? IS NULL OR instr(username || ' ' || lower(display_name), lower(?)) > 0)
				 ORDER BY created_at, user_id LIMIT ?`,
			...[after, after, search, search, limit],
		);
		return rows.map(userIn);
	}

	hasOperator(): boolean {
		const sql = "SELECT 1 FROM users WHERE role = 'operator' AND disabled_at IS NULL LIMIT 1";
		return this.#database.get(sql) !== null;
	}

	change(userId: UserId, change: UserChange): User | null {
		return this.#database.inTransaction(() => {
			for (const key of Object.keys(COLUMNS) as (keyof UserChange)[]) {
				const value = change[key];
				if (value === undefined) continue;
				this.#database.run(`UPDATE users SET ${COLUMNS[key]} = ? WHERE user_id = ?`, value, userId);
			}
			return this.find(userId);
		});
	}

	/** Where the database was lost, the volume may have a home of the same hash, made under an older display name. */
	#nameFor({ username }: Visitor): Username {
		const hash = username.slice(username.lastIndexOf("-") + 1);
		const home = this.#database.get("SELECT username FROM uids WHERE username GLOB ?", `*-${hash}`);
		return home === null ? username : Username.parse(home.username);
	}

	#mustFind(userId: UserId): User {
		const user = this.find(userId);
		if (user === null) throw new Error(`user ${userId} is not there`);
		return user;
	}
}

/** Of a row that has the columns of `users`. */
export function visitorIn(row: Row): Visitor {
	return {
		userId: UserId.parse(row.user_id),
		username: Username.parse(row.username),
		issuer: String(row.issuer),
		subject: String(row.subject),
		displayName: String(row.display_name),
	};
}

function userIn(row: Row): User {
	return {
		...visitorIn(row),
		role: Role.parse(row.role),
		tier: row.tier === null ? null : String(row.tier),
		disabledAt: timeIn(row.disabled_at),
		createdAt: Number(row.created_at),
		signedInAt: timeIn(row.signed_in_at),
	};
}

/** Null where it has not happened. */
export function timeIn(value: unknown): number | null {
	return value === null ? null : Number(value);
}
