/** Who is signed in. Of tokens there are hashes only. */
import type { SignIn, SignInStore } from "../core/sign-ins.ts";
import { SignInId, UserId } from "../protocol/ids.ts";
import { SignInMethod } from "../protocol/sign-in.ts";
import type { Database, Row } from "./database.ts";

export class SqliteSignIns implements SignInStore {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	insert(signIn: SignIn, tokenHash: Buffer): void {
		const { signInId, userId, method, createdAt, usedAt, endsAt, address, device, issuerSession } = signIn;
		this.#database.run(
			`INSERT INTO sign_ins (sign_in_id, token_hash, user_id, method, created_at, used_at, ends_at, address, device,
				 issuer_sid, id_token) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			...[signInId, tokenHash, userId, method, createdAt, usedAt, endsAt, address, device],
			...[issuerSession?.sid ?? null, issuerSession?.idToken ?? null],
		);
	}

	findByToken(tokenHash: Buffer): SignIn | null {
		const row = this.#database.get("SELECT * FROM sign_ins WHERE token_hash = ?", tokenHash);
		return row === null ? null : signInIn(row);
	}

	listOf(userId: UserId): SignIn[] {
		return this.#database.all("SELECT * FROM sign_ins WHERE user_id = ?", userId).map(signInIn);
	}

	touch(signInIds: readonly SignInId[], now: number): void {
		if (signInIds.length === 0) return;
		this.#database.inTransaction(() => {
			for (const signInId of signInIds) {
				this.#database.run("UPDATE sign_ins SET used_at = ? WHERE sign_in_id = ?", now, signInId);
			}
		});
	}

	remove(signInIds: readonly SignInId[]): SignIn[] {
		if (signInIds.length === 0) return [];
		return this.#database.inTransaction(() =>
			signInIds.flatMap((signInId) =>
				this.#database.all("DELETE FROM sign_ins WHERE sign_in_id = ? RETURNING *", signInId).map(signInIn),
			),
		);
	}

	ofIssuer(issuer: string, subject: string | null, sid: string | null): SignIn[] {
		const rows = this.#database.all(
			`SELECT sign_ins.* FROM sign_ins JOIN users USING (user_id)
				 WHERE issuer = ? AND (? IS NULL OR subject = ?)
				   AND (? IS NULL OR issuer_sid = ? OR (issuer_sid IS NULL AND ? IS NOT NULL))`,
			...[issuer, subject, subject, sid, sid, subject],
		);
		return rows.map(signInIn);
	}

	over(usedBefore: number, now: number): SignIn[] {
		return this.#database
			.all("SELECT * FROM sign_ins WHERE used_at < ? OR ends_at <= ?", usedBefore, now)
			.map(signInIn);
	}
}

function signInIn(row: Row): SignIn {
	const sid = row.issuer_sid === null ? null : String(row.issuer_sid);
	return {
		signInId: SignInId.parse(row.sign_in_id),
		userId: UserId.parse(row.user_id),
		method: SignInMethod.parse(row.method),
		createdAt: Number(row.created_at),
		usedAt: Number(row.used_at),
		endsAt: Number(row.ends_at),
		address: String(row.address),
		device: String(row.device),
		issuerSession: row.id_token === null ? null : { sid, idToken: String(row.id_token) },
	};
}
