/**
 * What a terminal remembers beside the characters on its screens: which screen is shown, cursor, mouse and keyboard
 * modes, character sets, colours, title. Told by control sequences, it can tell them again to another terminal.
 */
import { type EscapeListener, EscapeReader, endOfText } from "./escape-reader.ts";
import { Pen } from "./pen.ts";

/** Origin mode. Whoever changes it is moved to the corner of the screen, so that it is never said without need. */
const ORIGIN = 6;
const WRAPAROUND = 7;
const REVERSE_WRAPAROUND = 45;
/**
 * Private modes and what they are in a new terminal: keys, wrapping, cursor, mouse, focus, pasting, drawing. Whether
 * the cursor blinks (12) is the page's own taste.
 */
const DEFAULT_MODES: readonly (readonly [number, boolean])[] = [
	[1, false],
	[ORIGIN, false],
	[WRAPAROUND, true],
	[9, false],
	[25, true],
	[REVERSE_WRAPAROUND, false],
	[66, false],
	[1000, false],
	[1002, false],
	[1003, false],
	[1004, false],
	[1005, false],
	[1006, false],
	[1015, false],
	[1016, false],
	[2004, false],
	[2026, false],
];
/** Modes that decide what text and line ends do. */
const LAYOUT_MODES = new Set([ORIGIN, WRAPAROUND, REVERSE_WRAPAROUND]);
const MOUSE_MODES = new Set([9, 1000, 1002, 1003, 1005, 1006, 1015, 1016]);
/** Three ways in which programs ask for the alternate screen. */
const ALTERNATE_SCREEN = new Set([47, 1047, 1049]);
/** Switched on they save the cursor, switched off they restore it. */
const SAVING = new Set([1048, 1049]);
const MAX_TITLE_LENGTH = 512;
/** As programs write them: `rgb:ff/80/00`, `#ff8000`, names. */
const COLOUR = /^[\x20-\x7e]{1,64}$/;
export const DEFAULT_CHARSET = "B";
/** Line drawing, the only other set that programs still use. */
export const GRAPHICS_CHARSET = "0";
/** Slots of 94 characters, and those of 96 that share them. */
const CHARSET_SLOTS: ReadonlyMap<string, string> = new Map([
	["(", "("],
	[")", ")"],
	["-", ")"],
	["*", "*"],
	[".", "*"],
	["+", "+"],
	["/", "+"],
]);

/** What a cursor brings back with it. */
type SavedLook = { pen: Pen; charset: string };

export class ScreenModes implements EscapeListener {
	readonly #reader = new EscapeReader(this);
	#modes = new Map(DEFAULT_MODES);
	#isAlternate = false;
	#isInserting = false;
	#isKeypad = false;
	/** Line feeds return the carriage, too. */
	#isNewLine = false;
	#charsets = new Map<string, string>();
	#shift: 0 | 1 = 0;
	#region = "";
	#cursorStyle = "";
	#title = "";
	/** By command (`10`) or command and index (`4;1`). */
	readonly #palette = new Map<string, string>();
	#pen = new Pen();
	/** What was saved with the cursor, of the main screen and of the alternate one. */
	readonly #saved = new Map<boolean, SavedLook>();
	#isCursorSaved = false;
	/** The set that characters are of. Restoring a cursor brings it back, whatever its slot holds by then. */
	#charset = DEFAULT_CHARSET;

	/** Reads output by itself, for those who have no reader of their own. */
	feed(bytes: Buffer): void {
		this.#reader.feed(bytes);
	}

	/**
	 * Whether lines are laid out in the plain way: text wraps at the edge and the whole screen scrolls, on the main
	 * screen. Says nothing of left-over tab stops.
	 */
	get isPlain(): boolean {
		const isUsual = DEFAULT_MODES.every(([mode, usual]) => !LAYOUT_MODES.has(mode) || this.#modes.get(mode) === usual);
		const isOther =
			this.#charset !== this.charsetInUse.charset ||
			this.#isAlternate ||
			this.#isInserting ||
			this.#isNewLine ||
			this.#region !== "" ||
			this.#shift === 1;
		return isUsual && !isOther;
	}

	/** Colours of what is printed next, as sequences; null where not all of them are known. */
	get colours(): string | null {
		return this.#pen.isKnown ? this.#pen.toSequences() : null;
	}

	/** The slot in use, and the set that it holds. */
	get charsetInUse(): { slot: string; charset: string } {
		const slot = this.#shift === 0 ? "(" : ")";
		return { slot, charset: this.#charsets.get(slot) ?? DEFAULT_CHARSET };
	}

	/** A cursor was saved and not restored yet. */
	get isCursorSaved(): boolean {
		return this.#isCursorSaved;
	}

	get isOrigin(): boolean {
		return this.#modes.get(ORIGIN) === true;
	}

	/** Sequences for all that has no place on the screen. Move the cursor nowhere, and print nothing. */
	toSequences(): string {
		const modes = [...this.#modes].filter(([mode]) => mode !== ORIGIN);
		const numbers = (isOn: boolean): string => modes.flatMap(([mode, is]) => (is === isOn ? [mode] : [])).join(";");
		return [
			...[...this.#palette].map(([command, colour]) => `\x1b]${command};${colour}\x07`),
			this.#title === "" ? "" : `\x1b]2;${this.#title}\x07`,
			`\x1b[?${numbers(false)}l\x1b[?${numbers(true)}h`,
			this.#isInserting ? "\x1b[4h" : "\x1b[4l",
			this.#isNewLine ? "\x1b[20h" : "\x1b[20l",
			this.#isKeypad ? "\x1b=" : "\x1b>",
			this.#cursorStyle === "" ? "" : `\x1b[${this.#cursorStyle}q`,
			...[...this.#charsets].map(([slot, charset]) => `\x1b${slot}${charset}`),
			this.#shift === 1 ? "\x0e" : "\x0f",
		].join("");
	}

	/** The same for a terminal whose screen is not known: also which screen, region, origin and colours. */
	toGuess(): string {
		return [
			this.#isAlternate ? "\x1b[?1049h" : "\x1b[?1047l",
			this.#region === "" ? "" : `\x1b[${this.#region}r`,
			this.isOrigin ? `\x1b[?${ORIGIN}h` : "",
			this.toSequences(),
			this.#pen.toSequences(),
		].join("");
	}

	/** Another size makes the whole screen scroll again. */
	resized(): void {
		this.#region = "";
	}

	text(bytes: Buffer, from: number): number {
		return endOfText(bytes, from);
	}

	shift(level: 0 | 1): void {
		this.#shift = level;
		this.#charset = this.charsetInUse.charset;
	}

	escape(character: string): void {
		if (character === "=" || character === ">") this.#isKeypad = character === "=";
		if (character === "7") this.#save();
		if (character === "8") this.#restore();
		if (character === "c") this.#reset();
	}

	charset(slot: string, charset: string): void {
		const place = CHARSET_SLOTS.get(slot) ?? slot;
		if (charset > " " && charset < "\x7f" && charset !== DEFAULT_CHARSET) this.#charsets.set(place, charset);
		else this.#charsets.delete(place);
		if (place === this.charsetInUse.slot) this.#charset = this.charsetInUse.charset;
	}

	control(final: string, parameters: string): void {
		if (final === "h" || final === "l") this.#setModes(parameters, final === "h");
		else if (final === "m" && /^[\d;:]*$/.test(parameters)) this.#pen.apply(parameters);
		else if (final === "r" && /^\d{0,5}(;\d{0,5})?$/.test(parameters)) this.#region = parameters;
		else if (final === "q" && /^\d{0,2} $/.test(parameters)) this.#cursorStyle = parameters;
		else if (final === "p" && parameters === "!") this.#softReset();
		else if (final === "s" && parameters === "") this.#save();
		else if (final === "u" && parameters === "") this.#restore();
	}

	command(text: string): void {
		const [, command = "", rest = ""] = /^(\d{1,3})(?:;([\s\S]*))?$/.exec(text) ?? [];
		if (command === "0" || command === "2")
			this.#title = Buffer.from(rest, "latin1").toString("utf8").slice(0, MAX_TITLE_LENGTH);
		else if (command === "4") this.#setPalette(rest.split(";"));
		else if (command === "10" || command === "11" || command === "12")
			this.#setDefaults(Number(command), rest.split(";"));
		else if (command === "104") this.#resetPalette(rest);
		else if (command === "110" || command === "111" || command === "112") this.#palette.delete(command.slice(1));
	}

	unreadable(): void {
		this.#pen.forget();
	}

	#setModes(parameters: string, isOn: boolean): void {
		if (!parameters.startsWith("?")) {
			const modes = parameters.split(";");
			if (modes.includes("4")) this.#isInserting = isOn;
			if (modes.includes("20")) this.#isNewLine = isOn;
			return;
		}
		for (const mode of parameters.slice(1).split(";").map(Number)) this.#setPrivateMode(mode, isOn);
	}

	#setPrivateMode(mode: number, isOn: boolean): void {
		if (isOn && SAVING.has(mode)) this.#save();
		if (ALTERNATE_SCREEN.has(mode)) this.#isAlternate = isOn;
		if (!isOn && SAVING.has(mode)) this.#restore();
		if (this.#modes.has(mode)) this.#modes.set(mode, isOn);
	}

	#save(): void {
		this.#isCursorSaved = true;
		this.#saved.set(this.#isAlternate, { pen: new Pen(this.#pen), charset: this.#charset });
	}

	#restore(): void {
		this.#isCursorSaved = false;
		const saved = this.#saved.get(this.#isAlternate);
		this.#pen = new Pen(saved?.pen);
		this.#charset = saved?.charset ?? DEFAULT_CHARSET;
	}

	/** `index;colour` pairs. */
	#setPalette(parts: string[]): void {
		for (let at = 0; at + 1 < parts.length; at += 2) {
			const [index = "", colour = ""] = parts.slice(at, at + 2);
			if (/^\d{1,3}$/.test(index) && Number(index) < 256) this.#setColour(`4;${Number(index)}`, colour);
		}
	}

	/** Text, background and cursor, in this order from `command` on. */
	#setDefaults(command: number, colours: string[]): void {
		for (const [index, colour] of colours.entries()) {
			if (command + index <= 12) this.#setColour(String(command + index), colour);
		}
	}

	#setColour(key: string, colour: string): void {
		if (COLOUR.test(colour) && colour !== "?") this.#palette.set(key, colour);
	}

	#resetPalette(indexes: string): void {
		const all = [...this.#palette.keys()].filter((key) => key.startsWith("4;"));
		for (const key of indexes === "" ? all : indexes.split(";").map((index) => `4;${index}`)) this.#palette.delete(key);
	}

	/** As xterm.js does it: everything but which screen is shown, the mouse, and what line ends do. */
	#softReset(): void {
		for (const [mode, usual] of DEFAULT_MODES) if (!MOUSE_MODES.has(mode)) this.#modes.set(mode, usual);
		this.#cursorStyle = "";
		this.#isInserting = false;
		this.#isKeypad = false;
		this.#charsets.clear();
		this.#charset = DEFAULT_CHARSET;
		this.#shift = 0;
		this.#region = "";
		this.#pen = new Pen();
	}

	#reset(): void {
		this.#softReset();
		this.#saved.clear();
		this.#isCursorSaved = false;
		this.#modes = new Map(DEFAULT_MODES);
		this.#isAlternate = false;
		this.#isNewLine = false;
	}
}
