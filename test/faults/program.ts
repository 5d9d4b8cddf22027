/** How a program comes into a session, and where in the session's output its own begins. */

/** Comes right before the first byte that a program prints for a test. */
export const START_MARK = "\x1eout\x1e";

/** A command line that puts a program of Python in the shell's place. */
export function startOf(program: string, ...args: (number | string)[]): string {
	const encoded = Buffer.from(program).toString("base64");
	return `exec python3 -c "$(base64 -d <<< ${encoded})" ${args.join(" ")}\r`;
}

/** Passes on what comes behind START_MARK: nothing at first, to say that the program reads what is typed. */
export class AfterStart {
	readonly #onBytes: (bytes: Buffer) => void;
	#before = "";
	#hasStarted = false;

	constructor(onBytes: (bytes: Buffer) => void) {
		this.#onBytes = onBytes;
	}

	read(chunk: Uint8Array): void {
		const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
		if (this.#hasStarted) this.#onBytes(bytes);
		else this.#awaitStart(bytes);
	}

	#awaitStart(bytes: Buffer): void {
		this.#before += bytes.toString("latin1");
		const at = this.#before.indexOf(START_MARK);
		if (at === -1) return;
		this.#hasStarted = true;
		this.#onBytes(Buffer.alloc(0));
		this.#onBytes(Buffer.from(this.#before.slice(at + START_MARK.length), "latin1"));
	}
}

const EXCERPT_BYTES = 160;

/** Throws where the bytes that came at `offset` are not those that were expected there. */
export function assertSame(actual: Buffer, expected: Buffer, offset: number): void {
	if (actual.equals(expected)) return;
	let at = 0;
	while (at < actual.length && actual[at] === expected[at]) at += 1;
	const excerpt = (bytes: Buffer): string => JSON.stringify(bytes.subarray(at, at + EXCERPT_BYTES).toString("utf8"));
	throw new Error(`at byte ${offset + at} came ${excerpt(actual)} instead of ${excerpt(expected)}`);
}
