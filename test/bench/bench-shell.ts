/** One shell as a measurement sees it, whatever carries it: what is typed goes in, what is printed comes out. */

/** A measurement that waits longer than this for one thing has failed. */
const PATIENCE_MS = 30_000;
/** Enough to know a prompt by. */
const TAIL_BYTES = 16;

/** Called with each chunk of output; true where what was waited for has come. */
type Look = (chunk: Uint8Array) => boolean;

export abstract class BenchShell {
	/** Bytes of output so far. */
	received = 0;
	/** Sees all output, where somebody wants to. */
	onOutput: ((chunk: Uint8Array) => void) | null = null;
	#tail: Uint8Array = new Uint8Array();
	#look: Look | null = null;
	/** Why nothing comes any more. */
	#failure = "";

	abstract type(text: string): void;
	/** Nothing is read from the connection any more, as by a page that hangs. */
	abstract stopReading(): void;
	/** Ends the shell and whatever runs in it. */
	abstract close(): Promise<void>;

	/** Resolves with the moment (`performance.now()`) when the last thing printed is a prompt. */
	async untilPrompt(patienceMs?: number): Promise<number> {
		return await this.until(() => this.#isAtPrompt(), "a prompt", patienceMs);
	}

	/** As `untilPrompt`, for a shell that was opened just now: its prompt may have come in the same turn. */
	async untilFirstPrompt(patienceMs?: number): Promise<number> {
		return this.#isAtPrompt() ? performance.now() : await this.untilPrompt(patienceMs);
	}

	/** Resolves with the moment when `look` is true of a chunk that came in. */
	async until(look: Look, what: string, patienceMs = PATIENCE_MS): Promise<number> {
		const { promise, resolve, reject } = Promise.withResolvers<number>();
		const timer = setTimeout(() => reject(this.#impatience(what, patienceMs)), patienceMs);
		this.#look = (chunk) => {
			if (!look(chunk)) return false;
			resolve(performance.now());
			return true;
		};
		try {
			return await promise;
		} finally {
			clearTimeout(timer);
		}
	}

	/** Types a line and resolves once the prompt after it has come. */
	async run(line: string): Promise<void> {
		const done = this.untilPrompt();
		this.type(`${line}\r`);
		await done;
	}

	/** What is typed from now on comes back from `cat`, byte by byte, and from nobody else. */
	async startEcho(): Promise<void> {
		const ready = this.until((chunk) => chunk.includes(READY), "cat to start");
		this.type(`${ECHO_COMMAND}\r`);
		await ready;
	}

	/** Types one byte; resolves with the time until it came back, ms. */
	async echo(key: string): Promise<number> {
		const byte = key.charCodeAt(0);
		const back = this.until((chunk) => chunk.includes(byte), "an echo");
		const start = performance.now();
		this.type(key);
		return (await back) - start;
	}

	/** For those who receive: hands a chunk to who waits. */
	protected receive(chunk: Uint8Array): void {
		this.received += chunk.length;
		this.#tail = chunk.length >= TAIL_BYTES ? chunk.slice(-TAIL_BYTES) : join(this.#tail, chunk);
		this.onOutput?.(chunk);
		if (this.#look?.(chunk)) this.#look = null;
	}

	/** For those who receive: nothing will come any more. */
	protected fail(reason: string): void {
		this.#failure = reason;
	}

	#impatience(what: string, patienceMs: number): Error {
		const last = JSON.stringify(Buffer.from(this.#tail).toString("latin1"));
		return new Error(
			`${this.constructor.name} waited ${patienceMs} ms for ${what}; ${this.received} bytes came, ${last} last. ${this.#failure}`,
		);
	}

	#isAtPrompt(): boolean {
		return this.#tail.at(-1) === SPACE && this.#tail.at(-2) === DOLLAR;
	}
}

const SPACE = " ".charCodeAt(0);
const DOLLAR = "$".charCodeAt(0);
/** A byte that no command line echoes. */
const READY = 0x06;
/** Raw, but for the keys that end a program: a shell that hangs can be ended from outside. */
const ECHO_COMMAND = String.raw`stty -icanon -echo -opost -icrnl min 1; printf '\006'; exec cat`;

function join(one: Uint8Array, other: Uint8Array): Uint8Array {
	const whole = new Uint8Array(one.length + other.length);
	whole.set(one);
	whole.set(other, one.length);
	return whole.subarray(-TAIL_BYTES);
}
