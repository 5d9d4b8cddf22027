/**
 * A terminal as plain JSON: all that can be seen of it, and all that decides what its next output does. Two terminals
 * with equal dumps cannot be told apart. For tests; it looks where xterm.js's public interface does not reach.
 */
import type { IBuffer, IBufferCell, IBufferLine, Terminal } from "@xterm/xterm";

export type DumpedRow = {
	/** Without what is empty at its end; cells in which nothing was printed are spaces. */
	text: string;
	/** Continues the row above. */
	isWrapped: boolean;
	/** Runs of cells that look the same: columns and look, `plain` for the usual one. Empty where all are plain. */
	looks: [columns: number, look: string][];
};

export type DumpedBuffer = {
	/** Those of the scrollback first. */
	rows: DumpedRow[];
	scrollback: number;
	/** Column and row of the screen. */
	saved: { cursor: [number, number]; look: string };
	/** First and last row that scroll. */
	region: [number, number];
};

export type ScreenDump = ReturnType<typeof dumpScreen>;

/** As much of a terminal as it takes: the page's own, and one without a window. */
export type DumpableTerminal = Pick<Terminal, "cols" | "rows" | "modes"> & {
	readonly buffer: Pick<Terminal["buffer"], "active" | "normal" | "alternate">;
	readonly options: { readonly convertEol?: boolean };
};

type Attributes = Omit<IBufferCell, "getChars" | "getWidth" | "getCode"> & {
	hasExtendedAttrs(): number;
	getUnderlineColorMode(): number;
	getUnderlineColor(): number;
	isProtected(): number;
	readonly extended: { readonly underlineStyle: number; readonly urlId: number };
};

type InternalBuffer = {
	readonly ybase: number;
	readonly savedX: number;
	readonly savedY: number;
	readonly savedCurAttrData: Attributes;
	readonly scrollTop: number;
	readonly scrollBottom: number;
	readonly tabs: Readonly<Record<number, boolean>>;
};

type Core = {
	readonly buffers: { readonly normal: InternalBuffer; readonly alt: InternalBuffer; readonly active: InternalBuffer };
	readonly coreService: { readonly isCursorHidden: boolean; readonly decPrivateModes: object };
	readonly coreMouseService: { readonly activeEncoding: string };
	readonly _inputHandler: {
		readonly _curAttrData: Attributes;
		readonly _windowTitle: string;
	};
	readonly _charsetService: { readonly charset: object | undefined };
	readonly _oscLinkService: { getLinkData(id: number): { uri: string } | undefined };
	/** Not where there is no window. */
	readonly _themeService?: { readonly colors: Palette };
};

type Palette = Record<"foreground" | "background" | "cursor", Colour> & { readonly ansi: readonly Colour[] };
type Colour = { readonly css: string };

const PLAIN = "plain";
const COLOUR_KINDS = new Map([
	[0x1000000, "ansi"],
	[0x2000000, "palette"],
	[0x3000000, "rgb"],
]);

export function dumpScreen(terminal: DumpableTerminal) {
	const { _core: core } = terminal as unknown as { _core: Core };
	const { active, normal, alternate } = terminal.buffer;
	const { _inputHandler: handler, coreService } = core;
	return {
		size: [terminal.cols, terminal.rows] as const,
		active: active.type,
		/** Column and row of the screen; each screen takes it over from the other. */
		cursor: [active.cursorX, active.cursorY] as const,
		normal: dumpBuffer(core, normal, core.buffers.normal),
		// What is left on an alternate screen that is not shown is never seen again.
		alternate: active.type === "alternate" ? dumpBuffer(core, alternate, core.buffers.alt) : null,
		tabStops: tabStops(core.buffers.active, terminal.cols),
		pen: lookOf(core, handler._curAttrData),
		isCursorHidden: coreService.isCursorHidden,
		modes: {
			...terminal.modes,
			...coreService.decPrivateModes,
			newLine: terminal.options.convertEol === true,
			mouseEncoding: core.coreMouseService.activeEncoding,
		},
		charset: core._charsetService.charset === undefined ? "usual" : JSON.stringify(core._charsetService.charset),
		title: handler._windowTitle,
		palette: core._themeService === undefined ? null : dumpPalette(core._themeService.colors),
	};
}

function dumpBuffer(core: Core, buffer: IBuffer, internal: InternalBuffer): DumpedBuffer {
	const cell = buffer.getNullCell();
	const rows: DumpedRow[] = [];
	for (let row = 0; row < buffer.length; row += 1) {
		const line = buffer.getLine(row);
		if (line !== undefined) rows.push(dumpRow(core, line, cell));
	}
	return {
		rows,
		scrollback: buffer.baseY,
		saved: {
			cursor: [internal.savedX, Math.max(0, internal.savedY - internal.ybase)],
			look: lookOf(core, internal.savedCurAttrData),
		},
		region: [internal.scrollTop, internal.scrollBottom],
	};
}

function dumpRow(core: Core, line: IBufferLine, cell: IBufferCell): DumpedRow {
	const looks: DumpedRow["looks"] = [];
	let text = "";
	for (let column = 0; column < line.length; column += Math.max(1, cell.getWidth())) {
		line.getCell(column, cell);
		const chars = cell.getChars();
		const width = Math.max(1, cell.getWidth());
		const look = chars === "" ? emptyLookOf(cell) : lookOf(core, cell as unknown as Attributes);
		text += chars === "" ? " " : chars;
		const last = looks.at(-1);
		if (last?.[1] === look) last[0] += width;
		else looks.push([width, look]);
	}
	if (looks.at(-1)?.[1] === EMPTY) {
		const [columns = 0] = looks.pop() ?? [];
		text = text.slice(0, text.length - columns);
	}
	return { text, isWrapped: line.isWrapped, looks: looks.every(([, look]) => look === PLAIN) ? [] : looks };
}

const EMPTY = "empty";

/** Nothing was printed there: only its background is seen. */
function emptyLookOf(cell: IBufferCell): string {
	const background = colourOf(cell.getBgColorMode(), cell.getBgColor());
	return background === "" ? EMPTY : `${EMPTY} on ${background}`;
}

function lookOf(core: Core, cell: Attributes): string {
	if (cell.isAttributeDefault()) return PLAIN;
	const background = colourOf(cell.getBgColorMode(), cell.getBgColor());
	const parts = [
		colourOf(cell.getFgColorMode(), cell.getFgColor()),
		background === "" ? "" : `on ${background}`,
		...flagsOf(cell),
		...extrasOf(core, cell),
	].filter((part) => part !== "");
	return parts.length === 0 ? PLAIN : parts.join(" ");
}

function flagsOf(cell: Attributes): string[] {
	const flags = {
		bold: cell.isBold(),
		dim: cell.isDim(),
		italic: cell.isItalic(),
		blink: cell.isBlink(),
		inverse: cell.isInverse(),
		invisible: cell.isInvisible(),
		strikethrough: cell.isStrikethrough(),
		overline: cell.isOverline(),
		protected: cell.isProtected(),
	};
	return Object.entries(flags).flatMap(([name, isSet]) => (isSet ? [name] : []));
}

/** Underlines, and the link with an underline of its own. */
function extrasOf(core: Core, cell: Attributes): string[] {
	if (!cell.hasExtendedAttrs()) return cell.isUnderline() ? ["underline"] : [];
	const { urlId, underlineStyle } = cell.extended;
	if (urlId !== 0) return [`link ${core._oscLinkService.getLinkData(urlId)?.uri ?? ""}`];
	if (!cell.isUnderline()) return [];
	const colour = colourOf(cell.getUnderlineColorMode(), cell.getUnderlineColor());
	return [underlineStyle > 1 ? `underline ${underlineStyle}` : "underline", colour === "" ? "" : `under ${colour}`];
}

/** Empty for the usual colour. */
function colourOf(mode: number, colour: number): string {
	const kind = COLOUR_KINDS.get(mode);
	if (kind === undefined) return "";
	return `${kind}-${kind === "rgb" ? colour.toString(16).padStart(6, "0") : colour}`;
}

function tabStops({ tabs }: InternalBuffer, cols: number): number[] {
	return Object.keys(tabs)
		.map(Number)
		.filter((column) => tabs[column] === true && column < cols);
}

function dumpPalette({ ansi, background, cursor, foreground }: Palette) {
	return {
		foreground: foreground.css,
		background: background.css,
		cursor: cursor.css,
		ansi: ansi.map(({ css }) => css),
	};
}
