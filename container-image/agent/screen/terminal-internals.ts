/**
 * What a snapshot needs of xterm.js and its public interface does not give: saved cursors, scroll regions, tab stops,
 * the attributes of what is printed next, and links. Checked when a terminal is made, so that a version that is built
 * differently is noticed at once and not by a wrong screen.
 */
import type { Terminal } from "@xterm/headless";

/** Attributes as xterm.js keeps them: colours and flags in two numbers, the rest in `extended`. */
export type Attributes = {
	fg: number;
	bg: number;
	extended: { underlineStyle: number; underlineColor: number; urlId: number };
};

export type Cell = Attributes & {
	/** Empty where nothing was printed. */
	getChars(): string;
	/** Columns; 0 for the second half of a wide character. */
	getWidth(): number;
};

export type Line = { isWrapped: boolean; loadCell(column: number, cell: Cell): Cell };

export type Charset = Readonly<Record<string, string>>;

export type ScreenBuffer = {
	lines: { length: number; get(row: number): Line | undefined };
	/** Rows above the screen. */
	ybase: number;
	x: number;
	y: number;
	savedX: number;
	/** Counted from the oldest row. */
	savedY: number;
	savedCurAttrData: Pick<Attributes, "fg" | "bg">;
	savedCharset: Charset | undefined;
	scrollTop: number;
	scrollBottom: number;
	/** By column. */
	tabs: Readonly<Record<string, boolean>>;
};

export type TerminalInternals = {
	buffers: { normal: ScreenBuffer; alt: ScreenBuffer; active: ScreenBuffer };
	attributes: Attributes;
	/** What stands for characters now; undefined for the usual ones. */
	charset: Charset | undefined;
	/** To load cells into. */
	newCell(): Cell;
	/** Null where there is no such link any more. */
	linkOf(id: number): { id?: string; uri: string } | null;
};

type Core = {
	buffers: TerminalInternals["buffers"];
	_inputHandler: { _curAttrData: Attributes };
	_charsetService: { charset: Charset | undefined };
	_oscLinkService: { getLinkData(id: number): { id?: string; uri: string } | undefined };
};

/** Throws where this version of xterm.js keeps things elsewhere. */
export function internalsOf(terminal: Terminal): TerminalInternals {
	const { _core: core } = terminal as unknown as { _core: Core };
	const { buffers } = core;
	const isAsExpected =
		typeof buffers.normal.savedY === "number" &&
		typeof buffers.normal.scrollBottom === "number" &&
		typeof buffers.normal.tabs === "object" &&
		typeof core._inputHandler._curAttrData.fg === "number" &&
		"_charsets" in core._charsetService &&
		typeof core._oscLinkService.getLinkData === "function";
	if (!isAsExpected) throw new Error("this version of xterm.js keeps its screens in another way");
	return {
		buffers,
		// It is one object for the terminal's whole life, or a new one after a reset: so ask each time.
		get attributes() {
			return core._inputHandler._curAttrData;
		},
		get charset() {
			return core._charsetService.charset;
		},
		newCell: () => terminal.buffer.active.getNullCell() as unknown as Cell,
		linkOf: (id) => core._oscLinkService.getLinkData(id) ?? null,
	};
}
