/**
 * How a terminal's grid lies in its panel. Usually it fills the panel at the chosen text size. Where another window
 * decides the grid's size, the whole grid is shown all the same: in smaller text where it would not fit, and as a sheet
 * of its own where the panel is larger.
 */
import type { Terminal } from "@xterm/xterm";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { element, setText } from "../shared/dom.ts";

/** Smaller text cannot be read; the panel is scrolled instead. */
const LEAST_FONT_SIZE = 6;
const FONT_STEP = 0.5;
/** Kept free by xterm.js on the right. */
const SCROLLBAR_WIDTH = 14;
const LEAST_COLS = 2;
const LEAST_ROWS = 1;

/** In CSS pixels. */
type Extent = { width: number; height: number };

export class TerminalGrid {
	/** To be the parent of the terminal. */
	readonly frame = element("div", { className: "terminal-frame" });
	readonly #hint = element("p", { className: "size-hint" });
	readonly #panel: HTMLElement;
	readonly #terminal: Terminal;

	constructor(panel: HTMLElement, terminal: Terminal) {
		this.#panel = panel;
		this.#terminal = terminal;
		panel.append(this.frame, this.#hint);
	}

	/** False while the panel is not on the page: nothing can be measured. */
	get isVisible(): boolean {
		return this.#panel.offsetParent !== null;
	}

	/** The grid that fills the panel in text of this size; null where that cannot be measured. */
	propose(fontSize: number): TerminalSize | null {
		const earlier = this.#terminal.options.fontSize ?? fontSize;
		this.#setFont(fontSize);
		const cell = this.#cell;
		this.#setFont(earlier);
		if (!this.isVisible || !(cell.width > 0 && cell.height > 0)) return null;
		const { width, height } = this.#room;
		return {
			cols: Math.max(LEAST_COLS, Math.floor((width - SCROLLBAR_WIDTH) / cell.width)),
			rows: Math.max(LEAST_ROWS, Math.floor(height / cell.height)),
		};
	}

	/** The grid is this page's own, and fills the panel. */
	fill(fontSize: number): void {
		this.#setFont(fontSize);
		this.#panel.classList.remove("is-following", "is-clipped");
		this.frame.style.width = "";
		this.frame.style.height = "";
	}

	/** The grid has a size of its own: all of it is shown, in text of at most this size. */
	showWhole(fontSize: number): void {
		if (!this.isVisible) return;
		this.#setFont(fontSize);
		const fitting = fontSize * this.#scale;
		for (let size = roundDown(fitting); this.#scale < 1 && this.#fontSize > LEAST_FONT_SIZE; size -= FONT_STEP) {
			this.#setFont(Math.max(LEAST_FONT_SIZE, size));
		}
		const { width, height } = this.#extent;
		const { cols, rows } = this.#terminal;
		setText(this.#hint, `${cols} × ${rows}, as in another window. Type to use all of this one.`);
		this.#panel.classList.add("is-following");
		this.#panel.classList.toggle("is-clipped", this.#scale < 1);
		this.frame.style.width = `${width}px`;
		this.frame.style.height = `${height}px`;
	}

	get #fontSize(): number {
		return this.#terminal.options.fontSize ?? 0;
	}

	#setFont(fontSize: number): void {
		if (this.#fontSize !== fontSize) this.#terminal.options.fontSize = fontSize;
	}

	/** By how much the grid would have to shrink; 1 and more where it fits. */
	get #scale(): number {
		const { width, height } = this.#extent;
		const room = this.#room;
		return Math.min(room.width / width, room.height / height);
	}

	/** Of the whole grid, with its scrollbar. */
	get #extent(): Extent {
		const { cols, rows } = this.#terminal;
		const cell = this.#cell;
		return { width: Math.ceil(cell.width * cols) + SCROLLBAR_WIDTH, height: Math.ceil(cell.height * rows) };
	}

	/** Inside the panel's padding, whether the panel scrolls or not. */
	get #room(): Extent {
		const { height, width } = this.#panel.getBoundingClientRect();
		const { paddingBottom, paddingLeft, paddingRight, paddingTop } = getComputedStyle(this.#panel);
		return {
			width: width - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight),
			height: height - Number.parseFloat(paddingTop) - Number.parseFloat(paddingBottom),
		};
	}

	/** Of one character. xterm.js keeps it to itself, as its own add-ons know. */
	get #cell(): Extent {
		const { _core } = this.#terminal as unknown as {
			_core: { _renderService: { dimensions: { css: { cell: Extent } } } };
		};
		return _core._renderService.dimensions.css.cell;
	}
}

function roundDown(fontSize: number): number {
	return Math.floor(fontSize / FONT_STEP) * FONT_STEP;
}
