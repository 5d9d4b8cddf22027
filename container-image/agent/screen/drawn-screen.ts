/** A terminal without a window that draws output as the page's does, for snapshots. */
import { createRequire } from "node:module";
import type { Terminal } from "@xterm/headless";
import type { TerminalSize } from "../../../server/protocol/session.ts";
import { ScreenModes } from "./screen-modes.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";

/** Twelve bytes each: a screen of unreasonable width has less scrollback. */
const MAX_CELLS = 4_000_000;

// Both are CommonJS without named exports that Node could find.
const load = createRequire(import.meta.url);
const headless: { Terminal: typeof Terminal } = load("@xterm/headless");
const { Unicode11Addon } = load("@xterm/addon-unicode11");

export class DrawnScreen implements Disposable {
	readonly terminal: Terminal;
	readonly #modes = new ScreenModes();

	constructor({ cols, rows }: TerminalSize, scrollback: number) {
		const lines = Math.min(scrollback, Math.max(0, Math.floor(MAX_CELLS / cols) - rows));
		this.terminal = new headless.Terminal({ cols, rows, scrollback: lines, allowProposedApi: true, logLevel: "off" });
		this.terminal.loadAddon(new Unicode11Addon());
		this.terminal.unicode.activeVersion = "11";
	}

	async draw(bytes: Buffer): Promise<void> {
		this.#modes.feed(bytes);
		await new Promise<void>((resolve) => this.terminal.write(bytes, resolve));
	}

	resize({ cols, rows }: TerminalSize): void {
		if (cols === this.terminal.cols && rows === this.terminal.rows) return;
		this.terminal.resize(cols, rows);
		this.#modes.resized();
	}

	/** Output that draws the same on an empty screen: at most `maxBytes`, with as much scrollback as fits. */
	snapshot(maxBytes: number): Buffer {
		const writer = new SnapshotWriter(this.terminal, this.#modes);
		let scrollback = this.terminal.buffer.normal.length;
		for (;;) {
			const bytes = Buffer.from(writer.write(scrollback), "utf8");
			if (bytes.length <= maxBytes || scrollback === 0) return bytes.length <= maxBytes ? bytes : Buffer.alloc(0);
			// Rows are of much the same length; a little less, so that the next try fits.
			scrollback = Math.floor(Math.min(scrollback / 2, ((scrollback * maxBytes) / bytes.length) * 0.9));
		}
	}

	[Symbol.dispose](): void {
		this.terminal.dispose();
	}
}
