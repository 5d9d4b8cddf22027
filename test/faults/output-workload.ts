/** A program that prints numbered lines, and a page that compares them with what they should be. */
import { NumberedLines, PROGRAM } from "./numbered-lines.ts";
import { assertSame, startOf } from "./program.ts";
import type { Workload } from "./torture.ts";

/**
 * How far the program may run ahead of the screen. More than the window for unacknowledged output, so that the
 * terminal is paused again and again; less than the default REPLAY_BUFFER, so that nothing may ever be lost.
 */
const AHEAD_BYTES = 768 * 1024;
const PERMIT_EVERY_BYTES = 64 * 1024;

export class OutputWorkload implements Workload {
	readonly totalBytes: number;
	readonly command: string;
	readonly #type: (text: string) => void;
	readonly #expected: NumberedLines;
	#read = 0;
	#limit = 0;
	/** How much of it on the screen the program was told of. */
	#permitted = 0;

	constructor(totalBytes: number, type: (text: string) => void) {
		this.totalBytes = totalBytes;
		this.command = startOf(PROGRAM, totalBytes, AHEAD_BYTES);
		this.#type = type;
		this.#expected = new NumberedLines(totalBytes);
	}

	get position(): number {
		return this.#expected.hasEnded ? Number.POSITIVE_INFINITY : this.#read;
	}

	read(bytes: Buffer): void {
		assertSame(bytes, this.#expected.take(bytes.length), this.#read);
		this.#read += bytes.length;
		this.#permit();
	}

	limitTo(position: number): void {
		this.#limit = position;
		this.#permit();
	}

	/** Tells the program how much of it is on the screen, but no more than there may be now. */
	#permit(): void {
		const permit = Math.min(this.#read, this.#limit);
		const isAtLimit = permit === this.#limit && permit > this.#permitted;
		if (permit - this.#permitted < PERMIT_EVERY_BYTES && !isAtLimit) return;
		this.#permitted = permit;
		this.#type(`${permit}\n`);
	}
}
