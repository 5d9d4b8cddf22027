/** All that can be seen of a drawn screen, and all that decides what further output does, in a form to compare. */
import assert from "node:assert/strict";
import { backgroundOf, isProtected, linkIdOf } from "../../container-image/agent/screen/attributes.ts";
import type { DrawnScreen } from "../../container-image/agent/screen/drawn-screen.ts";
import {
	type Attributes,
	type Cell,
	internalsOf,
	type Line,
	type ScreenBuffer,
	type TerminalInternals,
} from "../../container-image/agent/screen/terminal-internals.ts";

/** Bit that says whether there is more than colours and flags. */
const EXTENDED = 0x10000000;

const COLOUR_KIND = 0x3000000;
/** Of the colour's own bits, by its kind. */
const USED_BITS = new Map([
	[0x1000000, 0xff],
	[0x2000000, 0xff],
	[0x3000000, 0xffffff],
]);

/** xterm.js leaves what is left of an earlier colour in the bits that the present kind of colour does not use. */
function colour(packed: number): number {
	const used = USED_BITS.get(packed & COLOUR_KIND) ?? 0;
	return packed & (~0xffffff | used);
}

function lookOf(attributes: Attributes): string {
	const { fg, bg } = attributes;
	const { underlineStyle, underlineColor } = attributes.extended;
	// Links have a look of their own.
	const isExtended = (bg & EXTENDED) !== 0 && attributes.extended.urlId === 0;
	const extended = isExtended ? `;${underlineStyle};${colour(underlineColor)}` : ";1;0";
	return `${colour(fg)};${colour(bg) & ~EXTENDED}${extended === ";1;0" || extended === ";0;0" ? "" : extended}`;
}

function cellText(internals: TerminalInternals, cell: Cell): string {
	if (cell.getChars() === "") return `[${colour(backgroundOf(cell.bg)) || ""}]`;
	const link = linkIdOf(cell) === 0 ? "" : (internals.linkOf(linkIdOf(cell))?.uri ?? "");
	return `<${cell.getChars()} ${lookOf(cell)}${isProtected(cell) ? "p" : ""}${link}>`.replace(" 0;0>", ">");
}

function rowText(screen: DrawnScreen, line: Line): string {
	const internals = internalsOf(screen.terminal);
	const cell = internals.newCell();
	let text = line.isWrapped ? "↪" : "·";
	for (let column = 0; column < screen.terminal.cols; column += Math.max(1, cell.getWidth())) {
		line.loadCell(column, cell);
		text += cellText(internals, cell);
	}
	return text;
}

/** All that can be seen of a buffer, row by row. */
function rowsOf(screen: DrawnScreen, buffer: ScreenBuffer): string[] {
	const rows: string[] = [];
	for (let row = 0; row < buffer.lines.length; row += 1) {
		const line = buffer.lines.get(row);
		assert.ok(line);
		rows.push(rowText(screen, line));
	}
	return rows;
}

export type DrawnState = ReturnType<typeof stateOf>;

export function stateOf(screen: DrawnScreen) {
	const { buffers, attributes } = internalsOf(screen.terminal);
	const { active } = buffers;
	const { modes } = screen.terminal;
	return {
		rows: rowsOf(screen, active),
		normal: rowsOf(screen, buffers.normal),
		isAlternate: active === buffers.alt,
		cursor: [active.x, active.y],
		saved: [buffers.normal.savedX, Math.max(0, buffers.normal.savedY - buffers.normal.ybase)],
		savedLook: [colour(buffers.normal.savedCurAttrData.fg), colour(buffers.normal.savedCurAttrData.bg) & ~EXTENDED],
		region: [buffers.normal.scrollTop, buffers.normal.scrollBottom, active.scrollTop, active.scrollBottom],
		tabs: Object.keys(active.tabs).filter((column) => active.tabs[column] && Number(column) < screen.terminal.cols),
		pen: `${lookOf(attributes)}${isProtected(attributes)}`,
		modes: { ...modes },
	};
}

/** No output leads to a cursor beyond the edge of a row whose last cell is empty: it comes to stand on that cell. */
export function isBeyondEmptyCell({ terminal }: DrawnScreen): boolean {
	const { cols } = terminal;
	const { buffers, newCell } = internalsOf(terminal);
	return [buffers.active, buffers.normal].some((buffer) => {
		const places = [
			[buffer.x, buffer.y],
			[buffer.savedX, Math.max(0, buffer.savedY - buffer.ybase)],
		] as const;
		return places.some(
			([x, y]) =>
				x === cols &&
				buffer.lines
					.get(buffer.ybase + y)
					?.loadCell(cols - 1, newCell())
					.getChars() === "",
		);
	});
}
