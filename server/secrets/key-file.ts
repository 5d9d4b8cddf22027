/**
 * Keys in a file of the gateway's own, a line each in base64, the first the newest. It is made when the first secret is
 * set. Always replaced as a whole: a reader, or a crash, never sees half a file.
 */
import {
	closeSync,
	constants,
	existsSync,
	fstatSync,
	fsyncSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { type KeyRing, KeyRingError } from "./key-ring.ts";
import { KEY_BYTES, SecretKey } from "./secret-key.ts";

const OTHERS = 0o077;
/** Far more keys than anybody has. What is longer is another file. */
const MAX_FILE_BYTES = 64 * 1024;

export class KeyFile implements KeyRing {
	readonly #path: string;
	/** By their ids. A key stays what it is, so that it need not be read again. */
	readonly #known = new Map<string, SecretKey>();

	constructor(path: string) {
		this.#path = path;
	}

	/** Throws `KeyRingError` where there is a file that cannot be used. */
	check(): void {
		if (existsSync(this.#path)) this.#read();
	}

	/** Read anew: another process may have added one, and dropped the one before. */
	current(): SecretKey {
		const [first] = this.#read();
		if (first !== undefined) return first;
		const made = SecretKey.random();
		this.#write([made]);
		return made;
	}

	find(keyId: string): SecretKey | null {
		if (!this.#known.has(keyId)) this.#read();
		return this.#known.get(keyId) ?? null;
	}

	renew(): void {
		this.#write([SecretKey.random(), ...this.#read()]);
	}

	retire(neededKeys: ReadonlySet<string>): string[] {
		const keys = this.#read();
		const kept = keys.filter(({ id }, at) => at === 0 || neededKeys.has(id));
		if (kept.length < keys.length) this.#write(kept);
		return [];
	}

	/** Empty where there is no file. */
	#read(): SecretKey[] {
		const text = this.#text();
		if (text === null) return [];
		const keys = text
			.split("\n")
			.filter((line) => line.trim() !== "")
			.map((line, at) => this.#keyIn(line.trim(), at));
		if (keys.length === 0) throw new KeyRingError(`${this.#path} has no key in it: put it back from your backup`);
		for (const key of keys) this.#known.set(key.id, key);
		return keys;
	}

	/** Null where there is no file. What is asked and what is read is the same file, whatever its name leads to. */
	#text(): string | null {
		const file = this.#orTell("be read", () => this.#open());
		if (file === null) return null;
		try {
			const { mode, size } = fstatSync(file);
			const isFile = (mode & constants.S_IFMT) === constants.S_IFREG;
			if (!isFile || size > MAX_FILE_BYTES) throw new KeyRingError(`${this.#path} is no file of keys`);
			if ((mode & OTHERS) !== 0) {
				const seen = (mode & 0o777).toString(8);
				throw new KeyRingError(`${this.#path} can be read by others (mode ${seen}): run chmod 600 ${this.#path}`);
			}
			return this.#orTell("be read", () => readFileSync(file, "utf8"));
		} finally {
			closeSync(file);
		}
	}

	#open(): number | null {
		try {
			// A pipe would have us wait for whoever writes.
			return openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
		} catch (error) {
			if (Object(error).code === "ENOENT") return null;
			throw error;
		}
	}

	#keyIn(line: string, at: number): SecretKey {
		const key = Buffer.from(line, "base64");
		if (key.length !== KEY_BYTES || key.toString("base64") !== line) {
			throw new KeyRingError(`${this.#path}: line ${at + 1} is no key of ${KEY_BYTES} bytes in base64`);
		}
		return new SecretKey(key);
	}

	/** On the disk once it returns. */
	#write(keys: readonly SecretKey[]): void {
		const draft = `${this.#path}.new`;
		this.#orTell("be written", () => {
			// Left by a process that was killed.
			rmSync(draft, { force: true });
			const file = openSync(draft, "wx", 0o600);
			try {
				writeSync(file, keys.map(({ text }) => `${text}\n`).join(""));
				fsyncSync(file);
			} finally {
				closeSync(file);
			}
			renameSync(draft, this.#path);
			syncFolder(dirname(this.#path));
		});
		for (const key of keys) this.#known.set(key.id, key);
	}

	#orTell<Result>(what: string, work: () => Result): Result {
		try {
			return work();
		} catch (cause) {
			throw new KeyRingError(`${this.#path} cannot ${what} (${Object(cause).code})`, { cause });
		}
	}
}

/** A new name lasts once the folder that has it is on the disk. */
function syncFolder(path: string): void {
	const folder = openSync(path, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
}
