/** Which size the terminal had at which byte of output. */
import type { OutputSize, TerminalSize } from "../../server/protocol/session.ts";

/** Somebody who drags a window's edge for an hour; of more, the oldest are forgotten. */
const MAX_CHANGES = 256;

export class SizeHistory {
	/** Oldest first, never empty. */
	readonly #sizes: OutputSize[];

	constructor(first: TerminalSize) {
		this.#sizes = [{ offset: 0, ...first }];
	}

	get newest(): OutputSize {
		return this.#sizes.at(-1) as OutputSize;
	}

	/**
	 * Output from `offset` on, the end of what there is now, is for a terminal of this size. Where nothing was printed
	 * since the last change, both count: lines that were wrapped and wrapped back may lie elsewhere.
	 */
	add(offset: number, { cols, rows }: TerminalSize): void {
		this.#sizes.push({ offset, cols, rows });
		if (this.#sizes.length > MAX_CHANGES) this.#sizes.shift();
	}

	/** The size before `offset`, then all changes from there on. */
	since(offset: number): [OutputSize, ...OutputSize[]] {
		const index = this.#sizes.findLastIndex((size) => size.offset < offset);
		const { cols, rows } = this.#sizes[Math.max(0, index)] as OutputSize;
		return [{ offset, cols, rows }, ...this.#sizes.slice(Math.max(0, index) + 1)];
	}
}
