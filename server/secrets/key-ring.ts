/** Keys that secrets are encrypted with, given from outside. The first encrypts, all decrypt. */
import { SecretKey } from "./secret-key.ts";

/** To be used by whoever holds the database's write lock: what was read of keys holds until then. */
export interface KeyRing {
	/** The key that encrypts. Throws `KeyRingError`. */
	current(): SecretKey;
	/** Null where the key is gone. Throws `KeyRingError`. */
	find(keyId: string): SecretKey | null;
	/** Has a new key encrypt from now on, where keys are made here. Durable once it returns. Throws `KeyRingError`. */
	renew(): void;
	/** Only these keys are needed. Returns the others where they are not ours to drop. Throws `KeyRingError`. */
	retire(neededKeys: ReadonlySet<string>): string[];
}

/** Keys cannot be read or written. The message is for operators, and says what to do. */
export class KeyRingError extends Error {
	override readonly name = "KeyRingError";
}

export class GivenKeys implements KeyRing {
	readonly #first: SecretKey;
	readonly #all: readonly SecretKey[];

	/** At least one. */
	constructor(keys: readonly Buffer[]) {
		this.#all = keys.map((key) => new SecretKey(key));
		const [first] = this.#all;
		if (first === undefined) throw new RangeError("there is no key");
		this.#first = first;
	}

	current(): SecretKey {
		return this.#first;
	}

	find(keyId: string): SecretKey | null {
		return this.#all.find(({ id }) => id === keyId) ?? null;
	}

	renew(): void {
		// Whoever gives the keys puts a new one first.
	}

	retire(neededKeys: ReadonlySet<string>): string[] {
		return this.#all.map(({ id }) => id).filter((id) => id !== this.#first.id && !neededKeys.has(id));
	}
}
