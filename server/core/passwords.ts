/**
 * Who signs in by name and password: the rules. How a password is hashed and where hashes are kept is behind ports.
 *
 * Hashing takes a moment, in which an operator may reset the password, or another device change it. So whatever was
 * found right is compared again with what is kept, in the same tick in which something follows from it.
 */
import { randomBytes } from "node:crypto";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Role } from "../protocol/sign-in.ts";
import { nameKeyOf } from "./login-names.ts";
import type { User, UserStore } from "./users.ts";

export const PASSWORD_ISSUER = "password";

/** Somebody who signs in by password. */
export type PasswordAccount = {
	userId: UserId;
	/** As it was given. */
	name: string;
	/** Null where none was set yet, or it was reset. */
	hash: string | null;
	/** Unix time, ms. */
	changedAt: number | null;
};

/** The port that keeps them. */
export interface PasswordStore {
	/** False where somebody has this name already. */
	insert(userId: UserId, name: string, nameKey: string): boolean;
	find(userId: UserId): PasswordAccount | null;
	findByName(nameKey: string): PasswordAccount | null;
	setHash(userId: UserId, hash: string | null, changedAt: number | null): void;
}

/** Whose hashing waits behind whose: those that are known already do not wait behind a flood of strangers. */
export type HashingLane = "known" | "strangers";

/** The port that hashes. Each throws `BerthError` TOO_MANY_ATTEMPTS where too much waits already. */
export interface PasswordHasher {
	hash(password: string, lane: HashingLane): Promise<string>;
	verify(hash: string, password: string, lane: HashingLane): Promise<boolean>;
	/** Whether new hashes are made in another way. */
	isOutdated(hash: string): boolean;
	/** A hash of nothing: to verify it takes as long as any other's. */
	readonly decoy: string;
}

export type PasswordsOptions = {
	store: PasswordStore;
	users: UserStore;
	hasher: PasswordHasher;
	/** All of the work is kept, or nothing of it. */
	atomically<T>(work: () => T): T;
};

const SUBJECT_BYTES = 16;

export class Passwords {
	readonly #options: PasswordsOptions;

	constructor(options: PasswordsOptions) {
		this.#options = options;
	}

	find(userId: UserId): PasswordAccount | null {
		return this.#options.store.find(userId);
	}

	findByName(name: string): PasswordAccount | null {
		return this.#options.store.findByName(nameKeyOf(name));
	}

	/** Adds somebody who has no password yet. Throws `BerthError` BAD_REQUEST or NAME_TAKEN. */
	add(name: string, { role, tier }: { role: Role; tier: string | null }): User {
		const { atomically, store, users } = this.#options;
		const nameKey = nameKeyOf(name);
		if (nameKey === "") throw new BerthError("BAD_REQUEST", { detail: "name: nothing of it can be seen" });
		// Never of the name: a name may be given again one day, files must not be.
		const subject = randomBytes(SUBJECT_BYTES).toString("base64url");
		return atomically(() => {
			const { userId } = users.remember({ issuer: PASSWORD_ISSUER, subject, displayName: name }, Date.now());
			if (!store.insert(userId, name, nameKey)) throw new BerthError("NAME_TAKEN");
			const user = users.change(userId, { role, tier });
			if (user === null) throw new Error(`user ${userId} went while being added`);
			return user;
		});
	}

	/**
	 * The account, where the password is its own; null otherwise. Takes the same time for who does not exist and for
	 * who has no password. Throws `BerthError` TOO_MANY_ATTEMPTS.
	 */
	async verify(account: PasswordAccount | null, password: string, lane: HashingLane): Promise<PasswordAccount | null> {
		const { hasher, store } = this.#options;
		const hash = account?.hash ?? hasher.decoy;
		const isRight = await hasher.verify(hash, prepared(password), lane);
		if (!isRight || account?.hash !== hash) return null;
		if (hasher.isOutdated(hash)) await this.#renew(account, password, lane);
		const now = store.find(account.userId);
		const isSame = now !== null && now.hash !== null && now.changedAt === account.changedAt;
		return isSame ? now : null;
	}

	/** Makes a hash for `set`. Throws `BerthError` BAD_REQUEST or TOO_MANY_ATTEMPTS. */
	async hash(password: string, name: string): Promise<string> {
		if (nameKeyOf(password) === nameKeyOf(name)) {
			throw new BerthError("BAD_REQUEST", { detail: "password: must not be the name" });
		}
		return await this.#options.hasher.hash(prepared(password), "known");
	}

	set(userId: UserId, hash: string): void {
		this.#options.store.setHash(userId, hash, this.#later(userId));
	}

	/** Nobody signs in by the old one any more. */
	reset(userId: UserId): void {
		this.#options.store.setHash(userId, null, this.#later(userId));
	}

	/** The time of a change, which no two changes of an account share. */
	#later(userId: UserId): number {
		return Math.max(Date.now(), (this.#options.store.find(userId)?.changedAt ?? 0) + 1);
	}

	async #renew({ userId, hash, changedAt }: PasswordAccount, password: string, lane: HashingLane): Promise<void> {
		const { hasher, store } = this.#options;
		const renewed = await hasher.hash(prepared(password), lane);
		if (store.find(userId)?.hash === hash) store.setHash(userId, renewed, changedAt);
	}
}

/** The same password whichever keyboard wrote its accents (RFC 8265). */
function prepared(password: string): string {
	return password.normalize("NFC");
}
