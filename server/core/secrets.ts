/**
 * Secrets that users' shells have as variables, and the port to whatever keeps them. A value goes in, and comes out in one
 * place only: on the way to a new shell of its user's. The rules of what may be set stand in `protocol/secret-names.ts`.
 */
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import { areSecretsWithinBounds, type SecretEnvironment, SecretName, SecretValue } from "../protocol/secret-names.ts";

export type Secret = {
	name: string;
	/** Unix time, ms; null where the store does not say. */
	changedAt: number | null;
	/** `nameOfActor`; null where the store does not say. */
	changedBy: string | null;
};

/** All of a user's secrets, and what cannot be read of them. */
export type RevealedSecrets = {
	values: ReadonlyMap<string, string>;
	/** `why` is for people, such as which key is gone. */
	unreadable: readonly { name: string; why: string }[];
};

export type KeyRotation = {
	/** The key that encrypts from now on. */
	keyId: string;
	/** How many were encrypted with it. */
	secrets: number;
	/** How many could not be read, and stay as they are. */
	unreadable: number;
	/** Keys that were given from outside and that nothing is encrypted with any more. */
	unneededKeys: readonly string[];
};

/** Whoever changes something, as `nameOfActor`. */
export type ChangedBy = string;

/**
 * The port. What was set is there when the promise is fulfilled, and concurrent changes of different names all count. Each
 * method throws `BerthError` SECRETS_UNAVAILABLE where the store cannot be used, and never tells a value in an error.
 */
export interface SecretStore {
	/** In the order of their names. */
	list(userId: UserId): Promise<Secret[]>;

	/** Throws `BerthError` TOO_MANY_SECRETS too; then nothing was changed. */
	set(userId: UserId, secret: { name: string; value: string }, by: ChangedBy): Promise<void>;

	/** False where there was none. */
	remove(userId: UserId, name: string): Promise<boolean>;

	/** Fulfilled without waiting for anything where the store is in this process. */
	reveal(userId: UserId): Promise<RevealedSecrets>;

	/** Encrypts all anew. Throws `BerthError` NOT_FOUND where the store keeps its keys to itself. */
	rotateKeys(): Promise<KeyRotation>;
}

/** What a new shell gets, and what it should have got as well. */
export type ShellSecrets = { environment: SecretEnvironment; problems: BerthError[] };

/**
 * For a new shell: never throws, since a shell without secrets is of more use than none. Whatever is missing is told in
 * `problems`. Stores that others write to may hold what would not be taken here: that is left out, too.
 */
export async function secretsForShell(store: Pick<SecretStore, "reveal">, userId: UserId): Promise<ShellSecrets> {
	let revealed: RevealedSecrets;
	try {
		revealed = await store.reveal(userId);
	} catch (thrown) {
		const problem = thrown instanceof BerthError ? thrown : new BerthError("SECRETS_UNAVAILABLE", { cause: thrown });
		return { environment: {}, problems: [problem] };
	}
	const environment: SecretEnvironment = {};
	const problems = revealed.unreadable.map(({ name, why }) => unreadable(name, why));
	for (const [name, value] of revealed.values) {
		const why = whyNot(name, value);
		if (why === null) environment[name] = value;
		else problems.push(unreadable(name, why));
	}
	for (const name of Object.keys(environment).toReversed()) {
		if (areSecretsWithinBounds(environment)) break;
		delete environment[name];
		problems.push(unreadable(name, "there are too many, or they are too long"));
	}
	return { environment, problems };
}

/** Throws `BerthError` TOO_MANY_SECRETS where `secrets` are more than a shell can be given. */
export function refuseTooMany(secrets: Readonly<Record<string, string>>): void {
	if (!areSecretsWithinBounds(secrets)) throw new BerthError("TOO_MANY_SECRETS");
}

function whyNot(name: string, value: string): string | null {
	if (!SecretName.safeParse(name).success) return "no variable of a shell can have this name";
	return SecretValue.safeParse(value).success ? null : "it is too long, or no text";
}

/** Names come from wherever the store is, and are shown. */
function unreadable(name: string, why: string): BerthError {
	const shown = name.replace(/\P{ASCII}|[^\w.-]/gu, "?").slice(0, MAX_SHOWN_NAME);
	return new BerthError("SECRET_UNREADABLE", { detail: `${shown}: ${why}` });
}
const MAX_SHOWN_NAME = 64;
