/** Secrets in the database, each encrypted. Whoever has the file and not the keys has names, and who set them when. */
import type { Log } from "../core/log.ts";
import {
	type KeyRotation,
	type RevealedSecrets,
	refuseTooMany,
	type Secret,
	type SecretStore,
} from "../core/secrets.ts";
import { BerthError } from "../protocol/errors.ts";
import { UserId } from "../protocol/ids.ts";
import type { Database, Row } from "../store/database.ts";
import { type KeyRing, KeyRingError } from "./key-ring.ts";
import type { Sealed, SecretKey } from "./secret-key.ts";

export type SealedSecretsOptions = { database: Database; keys: KeyRing; log: Log };

type Opened = { name: string } & ({ value: string } | { value: null; why: string });

const UPDATE = "UPDATE secrets SET key_id = ?, nonce = ?, sealed = ? WHERE user_id = ? AND name = ?";

export class SealedSecrets implements SecretStore {
	readonly #database: Database;
	readonly #keys: KeyRing;
	readonly #log: Log;

	constructor({ database, keys, log }: SealedSecretsOptions) {
		this.#database = database;
		this.#keys = keys;
		this.#log = log;
	}

	async list(userId: UserId): Promise<Secret[]> {
		return this.#rowsOf(userId).map((row) => ({
			name: String(row.name),
			changedAt: Number(row.changed_at),
			changedBy: String(row.changed_by),
		}));
	}

	async set(userId: UserId, { name, value }: { name: string; value: string }, by: string): Promise<void> {
		this.#withKeys(() =>
			// The keys are read under the lock as well: what a rotation drops is not used behind its back.
			this.#database.inTransaction(() => {
				const others = this.#rowsOf(userId).filter((row) => row.name !== name);
				const values = others.map((row) => this.#open(userId, row)).map(({ name, value }) => [name, value ?? ""]);
				refuseTooMany({ ...Object.fromEntries(values), [name]: value });
				const { keyId, nonce, sealed } = this.#keys.current().seal({ userId, name }, value);
				this.#database.run(
					"INSERT OR REPLACE INTO secrets (user_id, name, key_id, nonce, sealed, changed_at, changed_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
					...[userId, name, keyId, nonce, sealed, Date.now(), by],
				);
			}),
		);
	}

	async remove(userId: UserId, name: string): Promise<boolean> {
		return this.#database.run("DELETE FROM secrets WHERE user_id = ? AND name = ?", userId, name).changes > 0;
	}

	async reveal(userId: UserId): Promise<RevealedSecrets> {
		const rows = this.#rowsOf(userId);
		const opened = this.#withKeys(() => rows.map((row) => this.#open(userId, row)));
		const unreadable = opened.flatMap((each) => (each.value === null ? [{ name: each.name, why: each.why }] : []));
		for (const { name, why } of unreadable) this.#log.error({ userId, name, why }, "a secret cannot be read");
		const values = new Map(opened.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])));
		return { values, unreadable };
	}

	/**
	 * New key first, then the secrets, then the old keys: at each step every secret has its key, on the disk as well.
	 * Whoever sets one meanwhile, in whatever process, waits for the database or is seen by the next step.
	 */
	async rotateKeys(): Promise<KeyRotation> {
		return this.#withKeys(() => {
			this.#database.inTransaction(() => this.#keys.renew());
			const rotation = this.#database.inDurableTransaction(() => this.#sealAllAnew());
			const unneededKeys = this.#database.inTransaction(() => this.#keys.retire(this.#neededKeys()));
			return { ...rotation, unneededKeys };
		});
	}

	#sealAllAnew(): Omit<KeyRotation, "unneededKeys"> {
		const key = this.#keys.current();
		const rows = this.#database.all("SELECT * FROM secrets");
		const sealed = rows.filter((row) => this.#sealAnew(row, key)).length;
		return { keyId: key.id, secrets: sealed, unreadable: rows.length - sealed };
	}

	/** False where it cannot be read. */
	#sealAnew(row: Row, key: SecretKey): boolean {
		const userId = UserId.parse(row.user_id);
		const { name, value } = this.#open(userId, row);
		if (value === null) return false;
		const { keyId, nonce, sealed } = key.seal({ userId, name }, value);
		this.#database.run(UPDATE, keyId, nonce, sealed, userId, name);
		return true;
	}

	#neededKeys(): Set<string> {
		return new Set(this.#database.all("SELECT DISTINCT key_id FROM secrets").map((row) => String(row.key_id)));
	}

	#rowsOf(userId: UserId): Row[] {
		return this.#database.all("SELECT * FROM secrets WHERE user_id = ? ORDER BY name", userId);
	}

	#open(userId: UserId, row: Row): Opened {
		const name = String(row.name);
		const sealed = sealedIn(row);
		const key = sealed === null ? null : this.#keys.find(sealed.keyId);
		if (sealed === null || key === null) return { name, value: null, why: `the key ${row.key_id} is gone` };
		const value = key.open({ userId, name }, sealed);
		return value === null ? { name, value, why: "it was damaged" } : { name, value };
	}

	/** Operators find in the log what is wrong with the keys; users cannot do anything about it. */
	#withKeys<Result>(work: () => Result): Result {
		try {
			return work();
		} catch (cause) {
			if (!(cause instanceof KeyRingError)) throw cause;
			this.#log.error({ err: cause }, "the keys of secrets cannot be used");
			throw new BerthError("SECRETS_UNAVAILABLE", { cause });
		}
	}
}

function sealedIn({ key_id, nonce, sealed }: Row): Sealed | null {
	if (!Buffer.isBuffer(nonce) || !Buffer.isBuffer(sealed)) return null;
	return { keyId: String(key_id), nonce, sealed };
}
