/** Encrypts one secret with one key: AES-256-GCM. What it belongs to is bound to it, so that no row can be put for another. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { UserId } from "../protocol/ids.ts";

/** A secret as it lies in the database. */
export type Sealed = { keyId: string; nonce: Buffer; sealed: Buffer };

/** What a sealed value is of. */
export type SecretOwner = { userId: UserId; name: string };

export const KEY_BYTES = 32;
const ALGORITHM = "aes-256-gcm";
/** 96 random bits for each value: by 2^32 values under one key two alike are still unlikely. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_LENGTH = 16;

export class SecretKey {
	/** First half of the key's SHA-256 in hexadecimal: names the key without telling anything of it. */
	readonly id: string;
	readonly #key: Buffer;

	static random(): SecretKey {
		return new SecretKey(randomBytes(KEY_BYTES));
	}

	constructor(key: Buffer) {
		if (key.length !== KEY_BYTES) throw new RangeError(`a key has ${KEY_BYTES} bytes`);
		this.#key = key;
		this.id = createHash("sha256").update(key).digest("hex").slice(0, ID_LENGTH);
	}

	/** As keys are written in files and settings. */
	get text(): string {
		return this.#key.toString("base64");
	}

	seal(owner: SecretOwner, value: string): Sealed {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
		cipher.setAAD(this.#bond(owner));
		const sealed = Buffer.concat([cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
		return { keyId: this.id, nonce, sealed };
	}

	/** Null where it was sealed with another key, for somebody else, under another name, or changed since. */
	open(owner: SecretOwner, { nonce, sealed }: Sealed): string | null {
		if (nonce.length !== NONCE_BYTES || sealed.length < TAG_BYTES) return null;
		const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES });
		decipher.setAAD(this.#bond(owner));
		decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
		try {
			return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]).toString("utf8");
		} catch {
			return null;
		}
	}

	/** As JSON, so that no two owners read the same. */
	#bond({ userId, name }: SecretOwner): Buffer {
		return Buffer.from(JSON.stringify(["berth secret 1", userId, name, this.id]));
	}
}
