/**
 * Looks at all output as it comes, in one pass and without drawing it, for two things:
 *
 * - where nothing is cut in two (`groundOffset`): no sequence, no character, and no character from the accents that
 *   may follow it;
 * - places from which the output can be shown on an *empty* screen and looks the same from there on (`entryFor`). Plain
 *   output, lines that scroll by, has such places everywhere: a flood of it never needs to be drawn here at all.
 *
 * Why an entry is right: since output became plain, at least two screens of lines had been printed before it, so that
 * the cursor was at the bottom and nothing was left below it. It stands at the beginning of a row, its colours are
 * known, and all other modes are the same now as they were then, or are set again behind it.
 */
import type { TerminalSize } from "../../../server/protocol/session.ts";
import { type EscapeListener, EscapeReader, isSpecial, type StringKind } from "./escape-reader.ts";
import { ScreenModes } from "./screen-modes.ts";

/** An entry this often is often enough. */
const ENTRY_SPACING_BYTES = 8 * 1024;
/** Lines above the entry, in screens. */
const SCREENS_BEFORE = 2;

/** Longer text or strings than this without any control are parted where it has to be. */
const MAX_UNPARTED_BYTES = 64 * 1024;
const TAIL_BYTES = 3;
const LINE_FEED = 0x0a;
const FORM_FEED = 0x0c;
const CARRIAGE_RETURN = 0x0d;
const BELL = 0x07;
const NOTHING = 0x00;
const FIRST_PRINTABLE = 0x20;

/** Sequences that act within one row, or only ask something; with intermediates they mean something else. */
const ROW_CONTROLS = new Set("mKX@PG`aCDbcnt");
const ROW_PARAMETERS = /^[?>=]?[\d;:]*$/;
/** Shape of the cursor, and the terminal's name. */
const HARMLESS_Q = /^(\d{0,2} |>\d*)$/;
/** Private modes that do not change how text is laid out. Each has one state, which the last of them decides. */
const HARMLESS_MODES = new Set([1, 9, 12, 25, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 2004, 2026]);
const HARMLESS_ESCAPES = new Set(["=", ">", "\\"]);

/** `colours` are sequences. */
export type PlainEntry = { offset: number; colours: string };
type Entry = PlainEntry & { rows: number };

export class OutputScan implements EscapeListener {
	readonly #reader = new EscapeReader(this);
	readonly #modes = new ScreenModes();
	/** Bytes before the chunk that is being read. */
	#before = 0;
	/** Behind the last control character. */
	#controlEnd = 0;
	#size: TerminalSize;
	/** Rows printed since output became plain; rather fewer than more. */
	#rows = 0;
	/** Column of the cursor; null while it is not known. */
	#column: number | null = null;
	#isLinkOpen = false;
	/** An empty screen has a stop every eight columns. */
	#hasOwnTabStops = false;
	/** Oldest first. */
	readonly #entries: Entry[] = [];
	/** The last three bytes: more of a character cannot be missing its end. */
	#tail: Buffer = Buffer.alloc(0);

	constructor(size: TerminalSize) {
		this.#size = size;
	}

	/** Modes after all output so far. */
	get modes(): ScreenModes {
		return this.#modes;
	}

	/** The string that the output is within, null elsewhere. */
	get openString(): StringKind | null {
		return this.#reader.openString;
	}

	/**
	 * The newest place at which the output may be parted: behind a control character or sequence. In text that has none
	 * for long, between two characters; within a string that does not end, anywhere.
	 */
	get groundOffset(): number {
		const ground = Math.max(this.#controlEnd, this.#reader.sequenceEnd);
		if (this.#before - ground <= MAX_UNPARTED_BYTES) return ground;
		return this.#reader.isWithinSequence ? this.#before : this.#before - incompleteAtEnd(this.#tail);
	}

	feed(bytes: Buffer): void {
		this.#reader.feed(bytes);
		this.#before += bytes.length;
		this.#tail = Buffer.concat([this.#tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES);
	}

	resized(size: TerminalSize): void {
		this.#size = size;
		this.#modes.resized();
		this.#startOver();
	}

	/** The newest entry that has so many rows behind it and does not lie before `offset`. */
	entryFor(rows: number, offset: number): PlainEntry | null {
		return this.#entries.findLast((entry) => entry.offset >= offset && this.#rows - entry.rows >= rows) ?? null;
	}

	/** The oldest entry that does not lie before `offset`. */
	oldestEntry(offset: number): PlainEntry | null {
		return this.#entries.find((entry) => entry.offset >= offset) ?? null;
	}

	/** Entries before `offset` are of no use any more. */
	forget(offset: number): void {
		const kept = this.#entries.findIndex((entry) => entry.offset >= offset);
		this.#entries.splice(0, kept === -1 ? this.#entries.length : kept);
	}

	text(bytes: Buffer, from: number): number {
		let at = from;
		while (at < bytes.length) {
			const start = at;
			while (at < bytes.length && isPrintable(bytes[at] as number)) at += 1;
			if (at > start) this.#advance(start, at);
			if (at === bytes.length) break;
			const byte = bytes[at] as number;
			if (byte >= 0x80) this.#column = null;
			if (isSpecial(byte)) break;
			at += 1;
			this.#readControl(byte, at);
		}
		return at;
	}

	shift(level: 0 | 1): void {
		this.#modes.shift(level);
		this.#startOver();
	}

	escape(character: string): void {
		this.#modes.escape(character);
		if (character === "H") this.#hasOwnTabStops = true;
		if (character === "c") this.#hasOwnTabStops = false;
		if (!HARMLESS_ESCAPES.has(character)) this.#startOver();
	}

	charset(slot: string, charset: string): void {
		this.#modes.charset(slot, charset);
		this.#startOver();
	}

	control(final: string, parameters: string): void {
		this.#modes.control(final, parameters);
		if (final === "g") this.#hasOwnTabStops = true;
		if (!isHarmless(final, parameters)) this.#startOver();
		else if (final !== "m") this.#column = null;
	}

	command(text: string): void {
		this.#modes.command(text);
		if (text.startsWith("8;")) this.#isLinkOpen = !text.endsWith(";");
	}

	unreadable(): void {
		this.#modes.unreadable();
		this.#startOver();
	}

	#startOver(): void {
		this.#rows = 0;
		this.#column = null;
		this.#entries.length = 0;
	}

	#readControl(byte: number, next: number): void {
		if (byte < FIRST_PRINTABLE) this.#controlEnd = this.#before + next;
		if (byte === CARRIAGE_RETURN) {
			this.#column = 0;
		} else if (byte >= LINE_FEED && byte <= FORM_FEED) {
			this.#rows += 1;
			if (this.#column !== 0) return;
			this.#enterAt(this.#before + next);
		} else if (byte !== BELL && byte !== NOTHING) {
			this.#column = null;
		}
	}

	/** Printable characters of one column each. Rows that they fill are counted where the column is known. */
	#advance(from: number, to: number): void {
		if (this.#column === null) return;
		const { cols } = this.#size;
		const column = this.#column + to - from;
		if (column <= cols) {
			this.#column = column;
			return;
		}
		const wraps = Math.floor((column - 1) / cols);
		this.#rows += wraps;
		// The place where the newest row begins.
		this.#enterAt(this.#before + to - (column - wraps * cols));
		this.#column = column - wraps * cols;
	}

	#enterAt(offset: number): void {
		const last = this.#entries.at(-1)?.offset ?? Number.NEGATIVE_INFINITY;
		if (offset - last < ENTRY_SPACING_BYTES || this.#rows < SCREENS_BEFORE * this.#size.rows) return;
		if (this.#isLinkOpen || this.#hasOwnTabStops || this.#modes.isCursorSaved || !this.#modes.isPlain) return;
		const { colours } = this.#modes;
		if (colours !== null) this.#entries.push({ offset, colours, rows: this.#rows });
	}
}

function isPrintable(byte: number): boolean {
	return byte >= FIRST_PRINTABLE && byte < 0x7f;
}

function isHarmless(final: string, parameters: string): boolean {
	if (final === "q") return HARMLESS_Q.test(parameters);
	if (final !== "h" && final !== "l") return ROW_CONTROLS.has(final) && ROW_PARAMETERS.test(parameters);
	const modes = parameters.slice(1).split(";");
	return parameters.startsWith("?") && modes.every((mode) => HARMLESS_MODES.has(Number(mode)));
}

/** Bytes at the end of a text that begin a character and do not complete it. */
function incompleteAtEnd(tail: Buffer): number {
	for (let back = 1; back <= tail.length; back += 1) {
		const byte = tail[tail.length - back] as number;
		if (byte < 0x80) return 0;
		if (byte >= 0xc0) return back < lengthOf(byte) ? back : 0;
	}
	return 0;
}

function lengthOf(leadByte: number): number {
	if (leadByte >= 0xf0) return 4;
	return leadByte >= 0xe0 ? 3 : 2;
}
