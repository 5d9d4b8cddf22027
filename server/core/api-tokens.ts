/** Tokens of programs that use the API for the operators: scripts, platforms, `berth` itself. Kept as hashes. */
import { randomBytes } from "node:crypto";
import { BerthError } from "../protocol/errors.ts";
import { tokenHash } from "./token-hash.ts";

export type ApiToken = {
	name: string;
	/** Unix times, ms. */
	createdAt: number;
	/** `nameOfActor`. */
	createdBy: string;
	usedAt: number | null;
};

/** The port that keeps them. */
export interface ApiTokenStore {
	/** False where one has this name already. */
	insert(token: ApiToken, hash: Buffer): boolean;
	findByHash(hash: Buffer): ApiToken | null;
	list(): ApiToken[];
	touch(name: string, now: number): void;
	/** False where there was none. */
	remove(name: string): boolean;
}

/** Known by this wherever it turns up where it should not. */
const PREFIX = "berth_";
const TOKEN_BYTES = 32;
const USE_NOTED_AFTER_MS = 60_000;

export class ApiTokens {
	readonly #store: ApiTokenStore;

	constructor(store: ApiTokenStore) {
		this.#store = store;
	}

	/** Returns the token, which is told once. Throws `BerthError` NAME_TAKEN. */
	add(name: string, createdBy: string): string {
		const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString("base64url")}`;
		const isNew = this.#store.insert({ name, createdAt: Date.now(), createdBy, usedAt: null }, tokenHash(token));
		if (!isNew) throw new BerthError("NAME_TAKEN");
		return token;
	}

	find(token: string): ApiToken | null {
		const found = this.#store.findByHash(tokenHash(token));
		const now = Date.now();
		if (found !== null && now - (found.usedAt ?? 0) > USE_NOTED_AFTER_MS) this.#store.touch(found.name, now);
		return found;
	}

	list(): ApiToken[] {
		return this.#store.list();
	}

	/** False where there was none. */
	revoke(name: string): boolean {
		return this.#store.remove(name);
	}
}
