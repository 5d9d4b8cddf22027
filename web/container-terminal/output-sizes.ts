/**
 * Which size a session's terminal has from which byte of its output on. Every page that draws the same bytes at the
 * same sizes shows the same, also the one that comes later.
 */
import type { OutputSize, TerminalSize } from "../../server/protocol/session.ts";

export class OutputSizes {
	/** Not taken yet, by offset. */
	#ahead: OutputSize[] = [];
	#newest: OutputSize | null = null;
	/** Told since an attachment was asked for. */
	#announced: OutputSize | null = null;

	get newest(): TerminalSize | null {
		return this.#newest;
	}

	/** Where in the output the next size is to be taken; infinite where none is known. */
	get nextOffset(): number {
		return this.#ahead[0]?.offset ?? Number.POSITIVE_INFINITY;
	}

	expect(): void {
		this.#announced = null;
	}

	/**
	 * What the answer to an attachment says. News that came while it was on its way count as later: the agent tells what
	 * is the case when it tells, and the answer may be overtaken. Should they be older, newer ones follow at once.
	 */
	attach(sizes: readonly OutputSize[]): void {
		const last = sizes.at(-1) ?? null;
		this.#ahead = [...sizes];
		this.#newest = last;
		if (this.#announced !== null) this.add(this.#announced, true);
		this.#announced = null;
	}

	/** False where that is known, old, or for later: while there is no attachment, only what comes with it counts. */
	add(size: OutputSize, isAttached: boolean): boolean {
		if (!isAttached) {
			this.#announced = size;
			return false;
		}
		const newest = this.#newest;
		if (newest !== null && (size.offset < newest.offset || isSameSize(size, newest))) return false;
		this.#newest = size;
		this.#ahead.push(size);
		return true;
	}

	isDue(offset: number): boolean {
		return this.nextOffset <= offset;
	}

	/** The newest size of those that are due at `offset`; null where there is none. */
	take(offset: number): TerminalSize | null {
		const due = this.#ahead.filter((size) => size.offset <= offset);
		this.#ahead = this.#ahead.slice(due.length);
		return due.at(-1) ?? null;
	}

	clear(): void {
		this.#ahead = [];
		this.#newest = null;
		this.#announced = null;
	}
}

export function isSameSize(one: TerminalSize, other: TerminalSize): boolean {
	return one.cols === other.cols && one.rows === other.rows;
}
