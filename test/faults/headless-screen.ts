/** The terminal of a page, without its window: what it shows can be compared with what any output draws. */
import assert from "node:assert/strict";
import { DrawnScreen } from "../../container-image/agent/screen/drawn-screen.ts";
import { SCROLLBACK_LINES } from "../../container-image/agent/screen/snapshot-job.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { resetBytes } from "../../web/container-terminal/terminal-text.ts";
import { type DrawnState, stateOf } from "../agent/drawn-state.ts";
import { type PageScreen, SIZE } from "./page-model.ts";

const TAIL_LENGTH = 1_000;

export class HeadlessScreen implements PageScreen, Disposable {
	/** How often it was emptied for a snapshot. */
	resets = 0;
	/** The last bytes that it was given, one character each. */
	tail = "";
	readonly #screen = new DrawnScreen(SIZE, SCROLLBACK_LINES);
	/** Set while nothing is parsed. */
	#held: (() => void)[] | null = null;

	write(bytes: Uint8Array, onParsed: () => void): void {
		this.tail = (this.tail + Buffer.from(bytes).toString("latin1")).slice(-TAIL_LENGTH);
		const write = (): void => this.#screen.terminal.write(bytes, onParsed);
		if (this.#held === null) write();
		else this.#held.push(write);
	}

	reset(onDone: () => void): void {
		this.resets += 1;
		this.write(resetBytes(), onDone);
	}

	resize(size: TerminalSize): void {
		this.#screen.resize(size);
	}

	/** Parses nothing until `goOn`, as a page that gets no time from its browser. */
	hold(): void {
		this.#held ??= [];
	}

	goOn(): void {
		const held = this.#held ?? [];
		this.#held = null;
		for (const write of held) write();
	}

	get state(): DrawnState {
		return stateOf(this.#screen);
	}

	[Symbol.dispose](): void {
		this.#screen[Symbol.dispose]();
	}
}

/** The state that a terminal has which reads `output` from its first byte on. */
export async function drawn(output: Uint8Array): Promise<DrawnState> {
	using screen = new DrawnScreen(SIZE, SCROLLBACK_LINES);
	await screen.draw(Buffer.from(output));
	return stateOf(screen);
}

/** How much is kept above the screen is another matter: what both have must be the same. */
export function assertSameScreen(actual: DrawnState, expected: DrawnState, what: string): void {
	const least = Math.min(actual.normal.length, expected.normal.length);
	const shownOf = (state: DrawnState): DrawnState => ({
		...state,
		rows: state.isAlternate ? state.rows : state.rows.slice(-least),
		normal: state.normal.slice(-least),
		saved: [],
	});
	assert.deepEqual(shownOf(actual), shownOf(expected), what);
}
