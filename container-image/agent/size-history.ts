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

	/** Output from `offset` on, the end of what there is now, is for a terminal of this size. */
	add(offset: number, { cols, rows }: TerminalSize): void {
		if (this.newest.offset === offset && this.#sizes.length > 1) this.#sizes.pop();
		this.#sizes.push({ offset, cols, rows });
		if (this.#sizes.length > MAX_CHANGES) this.#sizes.shift();
	}

	/** The size at `offset`, then all changes behind it. */
	since(offset: number): [OutputSize, ...OutputSize[]] {
		const index = this.#sizes.findLastIndex((size) => size.offset <= offset);
		const { cols, rows } = this.#sizes[Math.max(0, index)] as OutputSize;
		return [{ offset, cols, rows }, ...this.#sizes.slice(index + 1).filter((size) => size.offset > offset)];
	}
}
