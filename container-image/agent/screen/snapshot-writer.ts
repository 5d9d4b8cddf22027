/**
 * A terminal's whole state as output: read by an empty terminal of the same size it makes the same screen, scrollback
 * and modes, so that whatever the program prints next looks the same on both.
 */
import type { Terminal } from "@xterm/headless";
import { isProtected, linkIdOf, penSequence, styleSequence } from "./attributes.ts";
import { linkSequence, RowWriter } from "./row-writer.ts";
import { DEFAULT_CHARSET, GRAPHICS_CHARSET, type ScreenModes } from "./screen-modes.ts";
import {
	type Attributes,
	internalsOf,
	type Line,
	type ScreenBuffer,
	type TerminalInternals,
} from "./terminal-internals.ts";

const TAB_WIDTH = 8;

export class SnapshotWriter {
	readonly #internals: TerminalInternals;
	readonly #modes: ScreenModes;
	readonly #cols: number;
	readonly #rows: number;
	readonly #rowWriter: RowWriter;

	/** `modes` has read all that the terminal has. */
	constructor(terminal: Terminal, modes: ScreenModes) {
		this.#internals = internalsOf(terminal);
		this.#modes = modes;
		this.#cols = terminal.cols;
		this.#rows = terminal.rows;
		this.#rowWriter = new RowWriter(this.#internals, terminal);
	}

	/** With at most so many rows above the screen. */
	write(scrollback: number): string {
		const { normal, alt, active } = this.#internals.buffers;
		const parts = [this.#normalRows(normal, scrollback), this.#bufferState(normal)];
		if (active === alt) parts.push("\x1b[m\x1b[?1047h\x1b[H", this.#allRows(alt), this.#bufferState(alt));
		parts.push(this.#cursor(active), this.#pen());
		return parts.join("");
	}

	#normalRows(buffer: ScreenBuffer, scrollback: number): string {
		const firstOnScreen = buffer.lines.length - this.#rows;
		const first = Math.max(0, firstOnScreen - scrollback);
		// What was scrolled away has to be scrolled away again, empty rows or not.
		if (first < firstOnScreen) return this.#rowWriter.write(buffer, first, buffer.lines.length - 1);
		return this.#rowWriter.write(buffer, first, this.#lastUsedRow(buffer, first));
	}

	#allRows(buffer: ScreenBuffer): string {
		return this.#rowWriter.write(buffer, 0, this.#lastUsedRow(buffer, 0));
	}

	/** Tab stops, the saved cursor and the scroll region. */
	#bufferState(buffer: ScreenBuffer): string {
		const { savedX, savedY, savedCurAttrData, savedCharset, scrollTop, scrollBottom, ybase } = buffer;
		const parts = [this.#tabStops(buffer)];
		const isUsual = savedX === 0 && savedY - ybase <= 0 && savedCurAttrData.fg === 0 && savedCurAttrData.bg === 0;
		if (!isUsual || savedCharset !== undefined) {
			const isGraphics = savedCharset !== undefined;
			parts.push(this.#goTo(buffer, savedX, Math.max(savedY - ybase, 0)));
			parts.push(styleSequence(savedCurAttrData), protection(savedCurAttrData), isGraphics ? "\x1b(0" : "");
			parts.push("\x1b7", isGraphics ? "\x1b(B" : "", '\x1b[m\x1b[0"q');
		}
		if (scrollTop > 0 || scrollBottom < this.#rows - 1) parts.push(`\x1b[${scrollTop + 1};${scrollBottom + 1}r`);
		return parts.join("");
	}

	#tabStops({ tabs }: ScreenBuffer): string {
		const columns = Array.from({ length: this.#cols }, (_, column) => column);
		const isUsual = columns.every((column) => (tabs[column] === true) === (column % TAB_WIDTH === 0));
		if (isUsual) return "";
		const stops = columns.filter((column) => tabs[column] === true);
		return `\x1b[3g${stops.map((column) => `\x1b[${column + 1}G\x1bH`).join("")}`;
	}

	#cursor(buffer: ScreenBuffer): string {
		const { isOrigin } = this.#modes;
		const origin = isOrigin ? buffer.scrollTop : 0;
		return (isOrigin ? "\x1b[?6h" : "") + this.#goTo(buffer, buffer.x, buffer.y, origin);
	}

	/** Also to the place beyond the last column, where only printing leads. */
	#goTo(buffer: ScreenBuffer, x: number, y: number, origin = 0): string {
		const column = Math.min(x, this.#cols - 1);
		const line = buffer.lines.get(buffer.ybase + y);
		const isBeyond = x >= this.#cols && line !== undefined;
		const last = isBeyond ? this.#rowWriter.lastCharacter(line) : "";
		return `\x1b[${Math.max(0, y - origin) + 1};${column + 1}H${last}`;
	}

	/** How the next character will look, and all modes. */
	#pen(): string {
		const { attributes } = this.#internals;
		const link = linkIdOf(attributes);
		return [
			this.#modes.toSequences(),
			this.#charset(),
			penSequence(attributes),
			link === 0 ? "" : linkSequence(this.#internals, link),
			protection(attributes),
		].join("");
	}

	/** Restoring a cursor brings back the character set in use, and leaves what was put into its slot. */
	#charset(): string {
		const { slot, charset } = this.#modes.charsetInUse;
		const isUsual = this.#internals.charset === undefined;
		if (isUsual === (charset === DEFAULT_CHARSET)) return "";
		return `\x1b${slot}${isUsual ? DEFAULT_CHARSET : GRAPHICS_CHARSET}`;
	}

	/** Index of the last row that shows anything, at least `first`. */
	#lastUsedRow(buffer: ScreenBuffer, first: number): number {
		let row = buffer.lines.length - 1;
		while (row > first && this.#isEmpty(buffer.lines.get(row))) row -= 1;
		return row;
	}

	#isEmpty(line: Line | undefined): boolean {
		if (line === undefined) return true;
		if (line.isWrapped) return false;
		const cell = this.#internals.newCell();
		for (let column = 0; column < this.#cols; column += 1) {
			line.loadCell(column, cell);
			if (cell.getChars() !== "" || cell.bg !== 0) return false;
		}
		return true;
	}
}

function protection(attributes: Pick<Attributes, "bg">): string {
	return isProtected(attributes) ? '\x1b[1"q' : "";
}
