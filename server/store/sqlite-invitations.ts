/** One-time links, by the hashes of their tokens. */
import { z } from "zod";
import type { Invitation, InvitationStore } from "../core/invitations.ts";
import { UserId } from "../protocol/ids.ts";
import type { Database, Row } from "./database.ts";

const Times = { created_at: z.number(), ends_at: z.number() };
const Stored = z.discriminatedUnion("kind", [
	z.object({ kind: z.enum(["invitation", "reset"]), user_id: UserId, ...Times }),
	z.object({ kind: z.literal("first-operator"), user_id: z.null(), ...Times }),
]);

export class SqliteInvitations implements InvitationStore {
	readonly #database: Database;

	constructor(database: Database) {
		this.#database = database;
	}

	insert({ kind, userId, createdAt, endsAt }: Invitation, tokenHash: Buffer): void {
		this.#database.run(
			"INSERT INTO invitations (token_hash, kind, user_id, created_at, ends_at) VALUES (?, ?, ?, ?, ?)",
			...[tokenHash, kind, userId, createdAt, endsAt],
		);
	}

	find(tokenHash: Buffer): Invitation | null {
		const row = this.#database.get("SELECT * FROM invitations WHERE token_hash = ?", tokenHash);
		return row === null ? null : invitationIn(row);
	}

	take(tokenHash: Buffer): Invitation | null {
		const [row] = this.#database.all("DELETE FROM invitations WHERE token_hash = ? RETURNING *", tokenHash);
		return row === undefined ? null : invitationIn(row);
	}

	removeOf(userId: UserId | null): void {
		this.#database.run("DELETE FROM invitations WHERE user_id IS ?", userId);
	}

	removeOver(now: number): void {
		this.#database.run("DELETE FROM invitations WHERE ends_at <= ?", now);
	}
}

function invitationIn(row: Row): Invitation {
	const { created_at: createdAt, ends_at: endsAt, ...rest } = Stored.parse(row);
	const times = { createdAt, endsAt };
	if (rest.kind === "first-operator") return { kind: rest.kind, userId: rest.user_id, ...times };
	return { kind: rest.kind, userId: rest.user_id, ...times };
}
