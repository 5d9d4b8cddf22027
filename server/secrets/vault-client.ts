/**
 * Asks Vault over HTTP: with its token, within bounds of time and size. What goes wrong is told without anything of what
 * was sent or answered, since that may be secret.
 */
import { readFileSync } from "node:fs";

export type VaultClientOptions = {
	/** e.g. `https://vault.example.org:8200`, without a slash at the end. */
	address: string;
	token: VaultToken;
};

/** The token itself, or the file that has it. */
export type VaultToken = { text: string } | { file: string };

/** `body` is null where there is none, or it is no JSON. */
export type VaultAnswer = { status: number; body: unknown };

/** Somebody waits for a shell meanwhile. */
const LIMIT_MS = 2_000;
/** A document is 32 KiB at most as it is written here; others may write more into theirs. */
const MAX_ANSWER_BYTES = 512 * 1024;
const MAX_TOKEN_LENGTH = 16 * 1024;
const FORBIDDEN = 403;

export class VaultError extends Error {
	override readonly name = "VaultError";
}

export class VaultClient {
	readonly #address: string;
	readonly #source: VaultToken;
	#token: string | null = null;

	constructor({ address, token }: VaultClientOptions) {
		this.#address = address;
		this.#source = token;
	}

	/** Throws `VaultError` where there is no answer, or none that can be used. */
	async ask(method: "GET" | "POST", path: string, body?: object): Promise<VaultAnswer> {
		this.#token ??= this.#readToken();
		const token = this.#token;
		const answer = await this.#send(token, method, path, body);
		if (answer.status !== FORBIDDEN || "text" in this.#source) return answer;
		// Whoever keeps the file fresh has put another one there.
		this.#token = this.#readToken();
		return this.#token === token ? answer : await this.#send(this.#token, method, path, body);
	}

	async #send(token: string, method: "GET" | "POST", path: string, body?: object): Promise<VaultAnswer> {
		try {
			const response = await fetch(`${this.#address}/v1/${path}`, {
				method,
				headers: { "X-Vault-Token": token, "X-Vault-Request": "true", "Content-Type": "application/json" },
				...(body && { body: JSON.stringify(body) }),
				// The token goes to the address that was configured, and nowhere else.
				redirect: "error",
				signal: AbortSignal.timeout(LIMIT_MS),
			});
			return { status: response.status, body: asJson(await boundedText(response)) };
		} catch (thrown) {
			// Messages of whatever failed below may hold what was sent.
			throw thrown instanceof VaultError ? thrown : new VaultError(`no answer (${reasonOf(thrown)})`);
		}
	}

	#readToken(): string {
		const token = ("text" in this.#source ? this.#source.text : readToken(this.#source.file)).trim();
		if (!/^[\x21-\x7e]+$/.test(token) || token.length > MAX_TOKEN_LENGTH) throw new VaultError("the token is no token");
		return token;
	}
}

function readToken(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (cause) {
		throw new VaultError(`${file} cannot be read (${Object(cause).code})`);
	}
}

/** Name or code of what went wrong, e.g. `TimeoutError`, `ECONNREFUSED`. */
function reasonOf(thrown: unknown): string {
	const code: unknown = Object(Object(thrown).cause).code ?? Object(thrown).name;
	return typeof code === "string" && /^\w{1,64}$/.test(code) ? code : "unknown";
}

async function boundedText(response: Response): Promise<string> {
	const chunks: Uint8Array[] = [];
	let length = 0;
	for await (const chunk of response.body ?? []) {
		length += chunk.length;
		if (length > MAX_ANSWER_BYTES) throw new VaultError("the answer is too long");
		chunks.push(chunk);
	}
	return Buffer.concat(chunks).toString("utf8");
}

function asJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
