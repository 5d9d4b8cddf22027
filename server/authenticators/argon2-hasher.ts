/** Hashes passwords with Argon2id, few at a time: each takes 19 MiB and a core for 10 to 30 ms. */
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import pLimit, { type LimitFunction } from "p-limit";
import type { HashingLane, PasswordHasher } from "../core/passwords.ts";
import { BerthError } from "../protocol/errors.ts";

export type Argon2Cost = { memoryCost: number; timeCost: number; parallelism: number };

/** What OWASP's Password Storage Cheat Sheet asks for at least; `memoryCost` in KiB. */
const COST: Argon2Cost = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
const OUTPUT_BYTES = 32;
const SALT_BYTES = 16;
/** Leaves the event loop, and Node's four threads for files, something to run on. */
const AT_ONCE = { known: 1, strangers: Math.min(3, Math.max(1, Math.floor(availableParallelism() / 2))) } as const;
/** A few seconds' work: a school that arrives at once waits, a flood is turned away. */
const MOST_WAITING = 256;
const BUSY_RETRY_MS = 5_000;

export class Argon2Hasher implements PasswordHasher {
	readonly decoy: string;
	readonly #cost: Argon2Cost;
	readonly #lanes: Record<HashingLane, LimitFunction> = {
		known: pLimit(AT_ONCE.known),
		strangers: pLimit(AT_ONCE.strangers),
	};

	constructor(cost: Argon2Cost = COST) {
		this.#cost = cost;
		const { memoryCost, parallelism, timeCost } = cost;
		const [salt, output] = [SALT_BYTES, OUTPUT_BYTES].map((length) => base64(randomBytes(length)));
		this.decoy = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${salt}$${output}`;
	}

	async hash(password: string, lane: HashingLane): Promise<string> {
		// The package's default is Argon2id, version 19, with a random salt.
		return await this.#inTurn(lane, () => hash(password, { ...this.#cost, outputLen: OUTPUT_BYTES }));
	}

	async verify(encoded: string, password: string, lane: HashingLane): Promise<boolean> {
		return await this.#inTurn(lane, () => verify(encoded, password));
	}

	isOutdated(encoded: string): boolean {
		const { memoryCost, parallelism, timeCost } = parseOptions(encoded);
		const cost = this.#cost;
		const isSame = memoryCost === cost.memoryCost && timeCost === cost.timeCost && parallelism === cost.parallelism;
		return !isSame || !encoded.startsWith("$argon2id$v=19$");
	}

	async #inTurn<T>(lane: HashingLane, work: () => Promise<T>): Promise<T> {
		const limit = this.#lanes[lane];
		if (limit.pendingCount >= MOST_WAITING) {
			throw new BerthError("TOO_MANY_ATTEMPTS", { detail: "many sign in just now", retryAfterMs: BUSY_RETRY_MS });
		}
		return await limit(work);
	}
}

/** Without padding, as the PHC form has it. */
function base64(bytes: Buffer): string {
	return bytes.toString("base64").replace(/=+$/, "");
}
