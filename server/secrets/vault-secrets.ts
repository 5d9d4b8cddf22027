/**
 * Secrets in HashiCorp Vault, or whatever speaks its KV version 2: one document for each user, whose fields are the
 * secrets, so that people and platforms can write it there as well. Each change says which version it is made from
 * (check-and-set), and is made again where another one came first.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Log } from "../core/log.ts";
import {
	type KeyRotation,
	type RevealedSecrets,
	refuseTooMany,
	type Secret,
	type SecretStore,
} from "../core/secrets.ts";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import { type VaultAnswer, VaultClient, type VaultClientOptions } from "./vault-client.ts";

export type VaultSecretsOptions = VaultClientOptions & {
	/** The engine's mount, and the folder in it, e.g. `secret/berth`. */
	path: string;
	log: Log;
	now?(): number;
};

/** A user's document. `version` is 0 where there never was one. Fields that are no text are somebody else's. */
type Document = { version: number; fields: Record<string, unknown> };

const ReadAnswer = z.object({
	data: z.object({
		// Null where the version was deleted.
		data: z.record(z.string(), z.unknown()).nullable(),
		metadata: z.object({ version: z.number().int() }),
	}),
});

/** There is no document. Where there is no such engine, Vault says so. */
const NoDocument = z.object({ errors: z.array(z.unknown()).refine((errors) => errors.length === 0) });

/** Others who change the same user's secrets at the same moment are few. */
const TRIES = 8;
const RETRY_PAUSE_MS = 20;
/**
 * That a user has none is remembered for so long, so that most shells wait for nobody. Whatever is set through this
 * gateway counts at once; what is first written in Vault itself after so long.
 */
const NONE_KEPT_MS = 10_000;
/** As long as Vault has just failed, shells do not wait for it. */
const DOWN_KEPT_MS = 5_000;
/** A user of whom it is remembered that there are no secrets takes some 100 bytes. */
const MOST_REMEMBERED = 10_000;

export class VaultSecrets implements SecretStore {
	readonly #client: VaultClient;
	readonly #log: Log;
	readonly #mount: string;
	readonly #folder: string;
	readonly #now: () => number;
	/** Users without secrets, and until when that is believed. */
	readonly #none = new Map<UserId, number>();
	#downUntil = 0;
	/** Documents written so far. */
	#writes = 0;

	constructor({ log, now = () => performance.now(), path, ...client }: VaultSecretsOptions) {
		this.#client = new VaultClient(client);
		this.#log = log;
		this.#now = now;
		const [mount = "", ...folder] = path.split("/");
		this.#mount = mount;
		this.#folder = folder.map((part) => `${part}/`).join("");
	}

	async list(userId: UserId): Promise<Secret[]> {
		const { fields } = await this.#read(userId);
		return Object.keys(textsIn(fields))
			.toSorted()
			.map((name) => ({ name, changedAt: null, changedBy: null }));
	}

	async set(userId: UserId, { name, value }: { name: string; value: string }): Promise<void> {
		await this.#change(userId, (fields) => {
			const changed = { ...fields, [name]: value };
			refuseTooMany(textsIn(changed));
			return changed;
		});
	}

	async remove(userId: UserId, name: string): Promise<boolean> {
		return await this.#change(userId, ({ [name]: removed, ...others }) => (removed === undefined ? null : others));
	}

	async reveal(userId: UserId): Promise<RevealedSecrets> {
		if (this.#hasNone(userId)) return { values: new Map(), unreadable: [] };
		if (this.#now() < this.#downUntil) throw new BerthError("SECRETS_UNAVAILABLE");
		const { fields } = await this.#read(userId);
		return { values: new Map(Object.entries(textsIn(fields))), unreadable: [] };
	}

	async rotateKeys(): Promise<KeyRotation> {
		throw new BerthError("NOT_FOUND", { detail: "Vault keeps the keys: rotate them there" });
	}

	/** `change` returns null where there is nothing to do; then the promise is false. */
	async #change(userId: UserId, change: (fields: Document["fields"]) => Document["fields"] | null): Promise<boolean> {
		for (let tries = 0; tries < TRIES; tries += 1) {
			const { fields, version } = await this.#read(userId);
			const changed = change(fields);
			if (changed === null) return false;
			if (await this.#write(userId, { version, fields: changed })) return true;
			await sleep(Math.random() * RETRY_PAUSE_MS * 2 ** tries);
		}
		this.#log.error({ userId }, "Vault takes no change of a document: is the gateway allowed to write it?");
		throw new BerthError("SECRETS_UNAVAILABLE");
	}

	async #read(userId: UserId): Promise<Document> {
		const writes = this.#writes;
		const { body, status } = await this.#ask("GET", userId);
		const document = documentIn(status, body);
		if (document === null) throw this.#unavailable("read", status);
		this.#none.delete(userId);
		// What was written meanwhile may not be in it.
		if (Object.keys(document.fields).length === 0 && this.#writes === writes) this.#noteNone(userId);
		return document;
	}

	/** False where somebody else has changed it meanwhile, or Vault does not like it: both are a 400. */
	async #write(userId: UserId, { fields, version }: Document): Promise<boolean> {
		const { status } = await this.#ask("POST", userId, { options: { cas: version }, data: fields });
		if (status === 400) return false;
		if (status !== 200 && status !== 204) throw this.#unavailable("write", status);
		this.#writes += 1;
		this.#none.delete(userId);
		return true;
	}

	async #ask(method: "GET" | "POST", userId: UserId, body?: object): Promise<VaultAnswer> {
		try {
			const answer = await this.#client.ask(method, `${this.#mount}/data/${this.#folder}${userId}`, body);
			if (answer.status < 500) this.#downUntil = 0;
			return answer;
		} catch (err) {
			this.#log.error({ err }, "Vault does not answer");
			this.#downUntil = this.#now() + DOWN_KEPT_MS;
			throw new BerthError("SECRETS_UNAVAILABLE");
		}
	}

	#unavailable(what: "read" | "write", status: number): BerthError {
		this.#log.error({ status, what }, "Vault refuses");
		this.#downUntil = this.#now() + DOWN_KEPT_MS;
		return new BerthError("SECRETS_UNAVAILABLE");
	}

	#hasNone(userId: UserId): boolean {
		return this.#now() < (this.#none.get(userId) ?? 0);
	}

	#noteNone(userId: UserId): void {
		if (this.#none.size >= MOST_REMEMBERED) this.#none.clear();
		this.#none.set(userId, this.#now() + NONE_KEPT_MS);
	}
}

/** Null where the answer is none of an engine of this kind. A document whose last version was deleted still has a version. */
function documentIn(status: number, body: unknown): Document | null {
	const parsed = ReadAnswer.safeParse(body);
	if (parsed.success && (status === 200 || status === 404)) {
		const { data, metadata } = parsed.data.data;
		return { version: metadata.version, fields: data ?? {} };
	}
	return status === 404 && NoDocument.safeParse(body).success ? { version: 0, fields: {} } : null;
}

function textsIn(fields: Document["fields"]): Record<string, string> {
	const texts = Object.entries(fields).filter((field): field is [string, string] => typeof field[1] === "string");
	return Object.fromEntries(texts);
}
