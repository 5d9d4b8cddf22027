/** Numbered inputs, from single keys to long pastes, and a program that prints what it reads. */
import type { SeededRandom } from "../support/seeded-random.ts";
import { assertSame, START_MARK, startOf } from "./program.ts";
import type { Workload } from "./torture.ts";

/** Typed ahead of what has come back: enough that something is on its way whenever something breaks. */
const AHEAD_BYTES = 24 * 1024;
const LONGEST_KEYS = 60;
/** One in so many inputs is a paste, of more than may be unacknowledged at a time. */
const PASTE_EVERY = 1_000;
const PASTE_BYTES = 100_000;

/** Prints START_MARK, then whatever it reads. */
export const MIRROR = `
import os, tty
tty.setraw(0)
data = ${JSON.stringify(START_MARK)}.encode()
while data:
    while data:
        data = data[os.write(1, data):]
    data = os.read(0, 65536)
`;

export class InputWorkload implements Workload {
	readonly totalBytes: number;
	readonly command = startOf(MIRROR);
	readonly #type: (text: string) => void;
	readonly #inputs: string[];
	readonly #expected: Buffer;
	/** Inputs typed, and their bytes. */
	#typed = 0;
	#typedBytes = 0;
	#read = 0;
	#limit = 0;
	#hasStarted = false;

	constructor(inputs: number, random: SeededRandom, type: (text: string) => void) {
		this.#type = type;
		this.#inputs = Array.from({ length: inputs }, (_, number) => inputOf(number, random));
		this.#expected = Buffer.from(this.#inputs.join(""), "latin1");
		this.totalBytes = this.#expected.length;
	}

	get position(): number {
		return this.#read === this.totalBytes ? Number.POSITIVE_INFINITY : this.#read;
	}

	read(bytes: Buffer): void {
		assertSame(bytes, this.#expected.subarray(this.#read, this.#read + bytes.length), this.#read);
		this.#read += bytes.length;
		this.#hasStarted = true;
		this.#typeOn();
	}

	limitTo(position: number): void {
		this.#limit = position;
		this.#typeOn();
	}

	#typeOn(): void {
		// What is typed before that goes to the shell.
		if (!this.#hasStarted) return;
		const end = Math.min(this.#read, this.#limit) + AHEAD_BYTES;
		for (let next = this.#inputs[this.#typed]; next !== undefined && this.#typedBytes < end; ) {
			this.#typed += 1;
			this.#typedBytes += next.length;
			this.#type(next);
			next = this.#inputs[this.#typed];
		}
	}
}

function inputOf(number: number, random: SeededRandom): string {
	const isPaste = number % PASTE_EVERY === PASTE_EVERY / 2;
	const length = isPaste ? PASTE_BYTES : random.integer(0, LONGEST_KEYS);
	return `${number}:${"abcdefghij".repeat(Math.ceil(length / 10)).slice(0, length)};`;
}
