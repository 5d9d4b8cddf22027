/** One xterm.js terminal on the page, with the add-ons and manners that all of ours have. */
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { mayTakeFocus } from "../shared/dom.ts";
import type { Settings } from "../shared/settings.ts";
import { clipboardTextIn } from "./clipboard-requests.ts";
import { confirmLink } from "./dialogs.ts";
import { drawWithGraphicsProcessor } from "./graphics.ts";
import { isSameSize } from "./output-sizes.ts";
import { muteAnswers } from "./terminal-answers.ts";
import { TerminalGrid } from "./terminal-grid.ts";
import { noteText, pasteable, resetBytes } from "./terminal-text.ts";
import { terminalTheme } from "./themes.ts";
import { scrollByTouch } from "./touch-scroll.ts";

export type TerminalEvents = {
	/** Bytes for the program: typed, pasted, or the terminal's own answers. */
	onInput(bytes: Uint8Array): void;
	/** Another grid would fill the panel now. */
	onProposal(): void;
	onTitle(title: string): void;
	/** The program wants this text on the clipboard. */
	onCopy(text: string): void;
	onBell(): void;
	/** Keys that the page wants for itself: true takes them from the program. */
	takesKey(event: KeyboardEvent): boolean;
	/** Puts sticky keys to what was typed. */
	withStickyKeys(text: string): string;
	/** Whether what is parsed now was answered long ago. */
	isReplaying(): boolean;
	/** Whether what is parsed now is answered, if at all, by another page. */
	isMute(): boolean;
};

const FONTS =
	'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, "Liberation Mono", monospace';
/** As WCAG AA asks of text; programs choose pairs of colours that have less. */
const MINIMUM_CONTRAST = 4.5;
const SCROLLBACK_LINES = 10_000;
/** A window that is being dragged changes every frame; programs need not redraw for each. */
const FIT_DELAY_MS = 60;
const FOCUS_REPORTS = new Set(["\x1b[I", "\x1b[O"]);
const FLASH_MS = 150;
const CLIPBOARD_COMMAND = 52;
/** What the last panel that was measured had room for: all have the same. */
let lastProposal: TerminalSize | null = null;
/** Panels made by this page: each has an id that its tab names. */
let panels = 0;

export class TerminalView {
	readonly panel: HTMLElement;
	readonly terminal: Terminal;
	readonly #grid: TerminalGrid;
	readonly #events: TerminalEvents;
	readonly #observer: ResizeObserver;
	#fitTimer: number | undefined;
	#fontSize: number;
	#proposal: TerminalSize | null = null;
	/** The session's own size; null while there is no session to have one. */
	#imposed: TerminalSize | null = null;
	#isFollowing = false;

	constructor(stage: HTMLElement, settings: Settings, events: TerminalEvents) {
		this.#events = events;
		this.#fontSize = settings.fontSize;
		this.panel = document.createElement("div");
		this.panel.className = "terminal-panel";
		this.panel.role = "tabpanel";
		panels += 1;
		this.panel.id = `panel-${panels}`;
		stage.append(this.panel);
		this.terminal = new Terminal({
			allowProposedApi: true,
			cursorBlink: isBlinking(),
			fontFamily: FONTS,
			fontSize: settings.fontSize,
			// Links whose text hides their address: the question shows it.
			linkHandler: { activate: (_event, address) => void confirmLink(address) },
			minimumContrastRatio: MINIMUM_CONTRAST,
			rightClickSelectsWord: true,
			screenReaderMode: settings.isScreenReader,
			scrollback: SCROLLBACK_LINES,
			theme: terminalTheme(settings.theme),
		});
		this.terminal.loadAddon(new Unicode11Addon());
		this.terminal.unicode.activeVersion = "11";
		this.terminal.loadAddon(new WebLinksAddon((_event, address) => void confirmLink(address)));
		this.#grid = new TerminalGrid(this.panel, this.terminal);
		this.terminal.open(this.#grid.frame);
		scrollByTouch(this.terminal);
		this.#listen();
		this.#observer = new ResizeObserver(() => this.#fitSoon());
		this.#observer.observe(this.panel);
		void drawWithGraphicsProcessor(this.terminal);
	}

	/** The grid that fills the panel. */
	get proposal(): TerminalSize {
		const { cols, rows } = this.#proposal ?? lastProposal ?? this.terminal;
		return { cols, rows };
	}

	get isShown(): boolean {
		return this.#grid.isVisible;
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
		if (mayTakeFocus()) this.terminal.focus();
	}

	apply(settings: Settings): void {
		this.terminal.options.theme = terminalTheme(settings.theme);
		this.#fontSize = settings.fontSize;
		this.terminal.options.screenReaderMode = settings.isScreenReader;
		this.fit();
	}

	/** Writes a line of the page's own. */
	note(text: string): void {
		this.terminal.write(noteText(text));
	}

	/** Clears everything once it is parsed, then calls `onDone`. */
	reset(onDone?: () => void): void {
		this.terminal.write(resetBytes(), () => {
			// Programs set it, and no reset takes it back.
			this.terminal.options.cursorBlink = isBlinking();
			onDone?.();
		});
	}

	/** The session's terminal has this size; null: there is none, and the grid fills the panel. */
	impose(size: TerminalSize | null): void {
		this.#imposed = size;
		this.#layOut();
	}

	/** Whether the grid's size is another page's choice. */
	follow(isFollowing: boolean): void {
		if (isFollowing === this.#isFollowing) return;
		this.#isFollowing = isFollowing;
		this.#layOut();
	}

	paste(text: string): void {
		this.terminal.paste(pasteable(text));
	}

	fit(): void {
		const proposal = this.#grid.propose(this.#fontSize);
		if (proposal === null) return;
		const isNew = this.#proposal === null || !isSameSize(proposal, this.#proposal);
		this.#proposal = proposal;
		lastProposal = proposal;
		if (isNew) this.#events.onProposal();
		this.#layOut();
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
		muteAnswers(terminal, () => this.#events.isReplaying() || this.#events.isMute());
		terminal.onData((text) => {
			// Turning focus reports on is answered at once, in a replay too; and to look at a terminal is not to type in it.
			if (FOCUS_REPORTS.has(text) && (this.#events.isReplaying() || this.#isFollowing)) return;
			this.#events.onInput(encoder.encode(this.#events.withStickyKeys(text)));
		});
		// Mouse reports in the old encoding are bytes, not text.
		terminal.onBinary((text) => this.#events.onInput(Uint8Array.from(text, (char) => char.charCodeAt(0))));
		terminal.onTitleChange((title) => this.#events.onTitle(title));
		terminal.parser.registerOscHandler(CLIPBOARD_COMMAND, (data) => {
			const text = this.#events.isReplaying() ? null : clipboardTextIn(data);
			if (text !== null) this.#events.onCopy(text);
			return true;
		});
		terminal.onBell(() => {
			if (!this.#events.isReplaying()) this.#events.onBell();
		});
		terminal.attachCustomKeyEventHandler((event) => !this.#events.takesKey(event));
	}

	#layOut(): void {
		const { cols, rows } = this.#imposed ?? this.proposal;
		if (!isSameSize(this.terminal, { cols, rows })) this.terminal.resize(cols, rows);
		if (this.#isFollowing) this.#grid.showWhole(this.#fontSize);
		else this.#grid.fill(this.#fontSize);
	}

	#fitSoon(): void {
		clearTimeout(this.#fitTimer);
		this.#fitTimer = window.setTimeout(() => this.fit(), FIT_DELAY_MS);
	}
}

function isBlinking(): boolean {
	return !matchMedia("(prefers-reduced-motion: reduce)").matches;
}
