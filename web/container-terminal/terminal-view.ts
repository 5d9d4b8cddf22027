/** One xterm.js terminal on the page, with the add-ons and manners that all of ours have. */
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { confirmLink } from "./dialogs.ts";
import type { Settings } from "./settings.ts";
import { muteAnswers } from "./terminal-answers.ts";
import { terminalTheme } from "./themes.ts";

export type TerminalEvents = {
	/** Bytes for the program: typed, pasted, or the terminal's own answers. */
	onInput(bytes: Uint8Array): void;
	onSize(size: TerminalSize): void;
	onTitle(title: string): void;
	onBell(): void;
	/** Keys that the page wants for itself: true takes them from the program. */
	takesKey(event: KeyboardEvent): boolean;
	/** Puts sticky keys to what was typed. */
	withStickyKeys(text: string): string;
	/** Whether what is parsed now was answered long ago. */
	isReplaying(): boolean;
};

const FONTS =
	'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';
/** As WCAG AA asks of text; programs choose pairs of colours that have less. */
const MINIMUM_CONTRAST = 4.5;
const SCROLLBACK_LINES = 10_000;
/**
 * Main screen, visible cursor, no mouse, focus or paste reports, usual keys: undoes what a killed program left. The
 * cursor is saved first because going back to the main screen restores it, also for who is there already.
 */
const USUAL_MODES = "\x1b7\x1b[?1049l\x1b[!p\x1b[?1;9;1000;1002;1003;1004;1006;2004l\x1b[?7h\x1b>";
/** Control characters other than tab and line ends: escape sequences among them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const UNPASTEABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;
/** A window that is being dragged changes every frame; programs need not redraw for each. */
const FIT_DELAY_MS = 60;

const FOCUS_REPORTS = new Set(["\x1b[I", "\x1b[O"]);
const FLASH_MS = 150;
/** Panels made by this page: each has an id that its tab names. */
let panels = 0;

export class TerminalView {
	readonly panel: HTMLElement;
	readonly terminal: Terminal;
	readonly #fit = new FitAddon();
	readonly #events: TerminalEvents;
	readonly #observer: ResizeObserver;
	#fitTimer: number | undefined;

	constructor(stage: HTMLElement, settings: Settings, events: TerminalEvents) {
		this.#events = events;
		this.panel = document.createElement("div");
		this.panel.className = "terminal-panel";
		this.panel.role = "tabpanel";
		panels += 1;
		this.panel.id = `panel-${panels}`;
		stage.append(this.panel);
		this.terminal = new Terminal({
			allowProposedApi: true,
			cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
			fontFamily: FONTS,
			fontSize: settings.fontSize,
			macOptionIsMeta: true,
			minimumContrastRatio: MINIMUM_CONTRAST,
			rightClickSelectsWord: true,
			screenReaderMode: settings.isScreenReader,
			scrollback: SCROLLBACK_LINES,
			theme: terminalTheme(settings.theme),
		});
		this.terminal.loadAddon(this.#fit);
		this.terminal.loadAddon(new Unicode11Addon());
		this.terminal.unicode.activeVersion = "11";
		this.terminal.loadAddon(new WebLinksAddon((_event, address) => void confirmLink(address)));
		this.terminal.open(this.panel);
		this.#listen();
		this.#observer = new ResizeObserver(() => this.#fitSoon());
		this.#observer.observe(this.panel);
		void this.#speedUp();
	}

	get size(): TerminalSize {
		const { cols, rows } = this.terminal;
		return { cols, rows };
	}

	show(): void {
		this.panel.classList.add("is-visible");
		this.panel.dataset.testid = "terminal";
		this.fit();
	}

	hide(): void {
		this.panel.classList.remove("is-visible");
		delete this.panel.dataset.testid;
	}

	/** The bell, for the eyes. */
	flash(): void {
		this.panel.classList.add("is-ringing");
		setTimeout(() => this.panel.classList.remove("is-ringing"), FLASH_MS);
	}

	focus(): void {
		this.terminal.focus();
	}

	apply(settings: Settings): void {
		this.terminal.options.theme = terminalTheme(settings.theme);
		this.terminal.options.fontSize = settings.fontSize;
		this.terminal.options.screenReaderMode = settings.isScreenReader;
		this.fit();
	}

	/** A line of the page's own, dim, on a line of its own, behind whatever a program left the terminal in. */
	note(text: string): void {
		this.terminal.write(`${USUAL_MODES}\r\n\x1b[0;90m[${text}]\x1b[0m\r\n`);
	}

	/** Clears everything, in order with what is still to be parsed. */
	restart(note?: string): void {
		this.terminal.write("\x1bc");
		if (note !== undefined) this.terminal.write(`\x1b[90m[${note}]\x1b[0m\r\n`);
	}

	/** Without the characters by which a page that was copied from could end the marked paste and run commands. */
	paste(text: string): void {
		this.terminal.paste(text.replace(UNPASTEABLE, ""));
	}

	fit(): void {
		if (this.panel.offsetParent === null) return;
		const proposed = this.#fit.proposeDimensions();
		if (proposed === undefined || !Number.isFinite(proposed.cols)) return;
		this.terminal.resize(Math.max(2, proposed.cols), Math.max(1, proposed.rows));
	}

	/** The whole buffer as text; lines that the terminal wrapped are joined. */
	text(): string {
		const { active } = this.terminal.buffer;
		let text = "";
		for (let row = 0; row < active.length; row += 1) {
			const line = active.getLine(row);
			text += (line?.isWrapped || row === 0 ? "" : "\n") + (line?.translateToString(true) ?? "");
		}
		return text.trimEnd();
	}

	dispose(): void {
		this.#observer.disconnect();
		clearTimeout(this.#fitTimer);
		this.terminal.dispose();
		this.panel.remove();
	}

	#listen(): void {
		const { terminal } = this;
		const encoder = new TextEncoder();
		muteAnswers(terminal, this.#events.isReplaying);
		terminal.onData((text) => {
			// Turning focus reports on is answered at once, in a replay too.
			if (this.#events.isReplaying() && FOCUS_REPORTS.has(text)) return;
			this.#events.onInput(encoder.encode(this.#events.withStickyKeys(text)));
		});
		// Mouse reports in the old encoding are bytes, not text.
		terminal.onBinary((text) => this.#events.onInput(Uint8Array.from(text, (char) => char.charCodeAt(0))));
		terminal.onResize((size) => this.#events.onSize(size));
		terminal.onTitleChange((title) => this.#events.onTitle(title));
		terminal.onBell(() => {
			if (!this.#events.isReplaying()) this.#events.onBell();
		});
		terminal.attachCustomKeyEventHandler((event) => !this.#events.takesKey(event));
	}

	#fitSoon(): void {
		clearTimeout(this.#fitTimer);
		this.#fitTimer = window.setTimeout(() => this.fit(), FIT_DELAY_MS);
	}

	/** Draws with WebGL where that works, and without where it does not or stops to. */
	async #speedUp(): Promise<void> {
		if (!hasGraphicsProcessor()) return;
		try {
			const { WebglAddon } = await import("@xterm/addon-webgl");
			const webgl = new WebglAddon();
			webgl.onContextLoss(() => webgl.dispose());
			this.terminal.loadAddon(webgl);
		} catch {
			// The DOM renderer, which is there already, goes on.
		}
	}
}

/** WebGL that the main processor computes, under the names it goes by, is slower than the browser's own drawing. */
const SOFTWARE_GRAPHICS = /swiftshader|llvmpipe|softpipe|software|basic render/i;

function hasGraphicsProcessor(): boolean {
	const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
	if (context === null) return false;
	const info = context.getExtension("WEBGL_debug_renderer_info");
	const renderer = String(context.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER));
	context.getExtension("WEBGL_lose_context")?.loseContext();
	return !SOFTWARE_GRAPHICS.test(renderer);
}
