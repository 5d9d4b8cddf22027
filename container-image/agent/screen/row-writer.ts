/**
 * Writes the rows of a screen as output that draws them again on an empty one, cell by cell the same: characters,
 * attributes, links, which cells nothing was ever printed in, and which rows are the continuation of the row above.
 */
import { backgroundOf, isProtected, linkIdOf, styleKey, styleSequence } from "./attributes.ts";
import type { Attributes, Cell, Line, ScreenBuffer, TerminalInternals } from "./terminal-internals.ts";

const PLAIN = { fg: 0, bg: 0 };
const PLAIN_KEY = "0;0";

/** Cells beside each other in which nothing was printed. */
type Gap = { length: number; background: number };

export class RowWriter {
	readonly #internals: TerminalInternals;
	readonly #cols: number;
	readonly #rows: number;
	#parts: string[] = [];
	#style = PLAIN_KEY;
	#link = 0;
	#isProtected = false;
	/** Rows written so far: from the last row of the screen on, each new one scrolls. */
	#written = 0;
	/** The row above is full and continues: the cursor is still there, and the next character begins the new row. */
	#isPending = false;

	constructor(internals: TerminalInternals, size: { cols: number; rows: number }) {
		this.#internals = internals;
		this.#cols = size.cols;
		this.#rows = size.rows;
	}

	/**
	 * The rows from `first` to `last`. Begins in the upper left corner; leaves the cursor anywhere and no attribute set.
	 */
	write(buffer: ScreenBuffer, first: number, last: number): string {
		this.#parts = [];
		this.#written = 0;
		this.#isPending = false;
		const cell = this.#internals.newCell();
		if (buffer.lines.get(first)?.isWrapped && this.#rows > 1) this.#beginContinued();
		for (let row = first; row <= last; row += 1) {
			const line = buffer.lines.get(row);
			const next = row < last ? buffer.lines.get(row + 1) : undefined;
			if (line !== undefined) this.#writeRow(line, next, cell);
		}
		this.#setPlain();
		return this.#parts.join("");
	}

	/** The character at the end of a full row once more, which leaves the cursor waiting beyond it. */
	lastCharacter(line: Line): string {
		this.#parts = [];
		const cell = this.#internals.newCell();
		line.loadCell(this.#cols - 1, cell);
		const isHalf = cell.getWidth() === 0;
		if (isHalf) line.loadCell(this.#cols - 2, cell);
		if (cell.getChars() === "") return "";
		if (isHalf) this.#parts.push("\x1b[D");
		this.#setStyle(cell);
		this.#parts.push(cell.getChars());
		this.#setPlain();
		return this.#parts.join("");
	}

	#writeRow(line: Line, next: Line | undefined, cell: Cell): void {
		const isContinued = next?.isWrapped === true;
		const isForced = isContinued && this.#rows > 1 && !this.#wrapsByItself(line, next, cell);
		if (isForced) this.#forceWrap(line, cell);
		this.#writeCells(line, cell);
		this.#isPending = isContinued && !isForced;
		if (next === undefined) return;
		// A line feed would say that the next row is no continuation.
		if (isForced) this.#push(`\r\x1b[B`);
		else if (!isContinued) this.#endRow();
		this.#written += 1;
	}

	#endRow(): void {
		// A row that is scrolled in gets the background that is set.
		this.#setPlain();
		this.#push("\r\n");
	}

	/** Whether printing the next row's first character behind this row wraps, and leaves this row as it is. */
	#wrapsByItself(line: Line, next: Line, cell: Cell): boolean {
		line.loadCell(this.#cols - 1, cell);
		const isFull = cell.getChars() !== "" || cell.getWidth() === 0;
		const background = backgroundOf(cell.bg);
		const isBeforeFull = this.#cols > 1 && isPrinted(line.loadCell(this.#cols - 2, cell));
		next.loadCell(0, cell);
		if (cell.getChars() === "") return false;
		return isFull || (isBeforeFull && cell.getWidth() === 2 && backgroundOf(cell.bg) === background);
	}

	/** The first row is the continuation of one that is gone: one is made above it, and taken away. */
	#beginContinued(): void {
		this.#push(`\x1b[${this.#cols}Gxx\r\x1b[X\x1b[A\x1b[M`);
	}

	/** Makes the row below a continuation by printing over the edge, and takes away what was printed for it. */
	#forceWrap(line: Line, cell: Cell): void {
		if (this.#isPending) this.#enterRow(line, cell);
		this.#setPlain();
		this.#push(`\x1b[${this.#cols}Gxx\r\x1b[X\x1b[A\x1b[${this.#cols}G\x1b[X\r`);
	}

	/**
	 * Goes from the end of the row above to the beginning of this one, which continues it. Only a wide character gets
	 * there also from the last column; it leaves its background behind, as the row's own first one did.
	 */
	#enterRow(line: Line, cell: Cell): void {
		this.#setStyle(line.loadCell(0, cell));
		this.#push("字\r");
		this.#setPlain();
		this.#push(`\x1b[${this.#cols}X`);
		this.#isPending = false;
	}

	#writeCells(line: Line, cell: Cell): void {
		const filled = this.#fillOf(line, cell);
		let gap: Gap = { length: 0, background: 0 };
		// The second half of a wide character comes with the first; one that was left alone shows nothing.
		for (let column = 0; column < this.#cols; column += Math.max(1, cell.getWidth())) {
			line.loadCell(column, cell);
			if (cell.getChars() === "") {
				gap = this.#widen(gap, backgroundOf(cell.bg), filled);
				continue;
			}
			this.#closeGap(gap, filled);
			gap = { length: 0, background: 0 };
			this.#setStyle(cell);
			this.#push(cell.getChars());
		}
		if (gap.background !== filled) this.#erase(gap);
	}

	/** Background that the row has before anything is written: that of the character whose wrap scrolled it in. */
	#fillOf(line: Line, cell: Cell): number {
		if (!this.#isPending || this.#written < this.#rows) return 0;
		line.loadCell(0, cell);
		return cell.getChars() === "" ? 0 : backgroundOf(cell.bg);
	}

	#widen(gap: Gap, background: number, filled: number): Gap {
		if (gap.length > 0 && gap.background === background) return { length: gap.length + 1, background };
		this.#closeGap(gap, filled);
		return { length: 1, background };
	}

	/** Goes to the end of a gap. */
	#closeGap(gap: Gap, filled: number): void {
		if (gap.length === 0) return;
		if (gap.background !== filled) this.#erase(gap);
		this.#push(`\x1b[${gap.length}C`);
	}

	#erase({ length, background }: Gap): void {
		if (length === 0) return;
		this.#setStyle({ fg: 0, bg: background, extended: NO_EXTRAS });
		this.#push(`\x1b[${length}X`);
	}

	#setPlain(): void {
		this.#setStyle({ ...PLAIN, extended: NO_EXTRAS });
	}

	#setStyle(attributes: Attributes): void {
		const key = styleKey(attributes);
		if (key !== this.#style) {
			this.#push(styleSequence(attributes));
			this.#isProtected = false;
		}
		this.#style = key;
		const link = linkIdOf(attributes);
		if (link !== this.#link) this.#push(linkSequence(this.#internals, link));
		this.#link = link;
		if (isProtected(attributes) !== this.#isProtected) {
			this.#isProtected = !this.#isProtected;
			this.#push(this.#isProtected ? '\x1b[1"q' : '\x1b[0"q');
		}
	}

	#push(text: string): void {
		this.#parts.push(text);
	}
}

const NO_EXTRAS = { underlineStyle: 0, underlineColor: 0, urlId: 0 };

function isPrinted(cell: Cell): boolean {
	return cell.getChars() !== "" || cell.getWidth() === 0;
}

/** Opens a link, or ends the one that is open. */
export function linkSequence(internals: TerminalInternals, id: number): string {
	const link = id === 0 ? null : internals.linkOf(id);
	if (link === null) return "\x1b]8;;\x07";
	return `\x1b]8;${link.id === undefined ? "" : `id=${link.id}`};${link.uri}\x07`;
}
