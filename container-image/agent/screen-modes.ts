/**
 * What a terminal would remember of output that is gone: which screen is shown, cursor, mouse and keyboard modes,
 * colours. A page that begins in the middle of a session's output is told this first, or the rest would look wrong.
 *
 * Reads bytes the way a terminal does, sequence by sequence, in whatever pieces they come; text costs one search for
 * the next escape character.
 */
const ESCAPE = 0x1b;
const BELL = 0x07;
const CANCEL = new Set([0x18, 0x1a]);
/** No sequence that matters here is longer; the rest of a longer one is skipped. */
const MAX_PARAMETERS = 64;
/** Colours since the last reset, as written. Programs reset before each change of note. */
const MAX_COLOUR_BYTES = 128;
/** Upper bound of what `toBytes` gives. */
export const MAX_PREFACE_BYTES = 512;

/** Origin mode. Whoever leaves it is moved to the corner of the screen, so that is never said without need. */
const ORIGIN = 6;
/**
 * Private modes and what they are in a new terminal: keys, wrapping, cursor, mouse, focus, pasting. Whether the cursor
 * blinks (12) is the page's own taste.
 */
const DEFAULT_MODES: readonly (readonly [number, boolean])[] = [
	[1, false],
	[ORIGIN, false],
	[7, true],
	[9, false],
	[25, true],
	[45, false],
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
];
/** Three ways in which programs ask for the alternate screen. */
const ALTERNATE_SCREEN = new Set([47, 1047, 1049]);

type Reading = "text" | "escape" | "control" | "string" | "charset" | "one-more";

export class ScreenModes {
	#reading: Reading = "text";
	#parameters = "";
	#modes = new Map(DEFAULT_MODES);
	#isAlternate = false;
	#isInserting = false;
	#isKeypad = false;
	#charset = "B";
	#region = "";
	#cursorStyle = "";
	#colours: string[] = [];

	clone(): ScreenModes {
		const copy = new ScreenModes();
		copy.#reading = this.#reading;
		copy.#parameters = this.#parameters;
		copy.#modes = new Map(this.#modes);
		copy.#isAlternate = this.#isAlternate;
		copy.#isInserting = this.#isInserting;
		copy.#isKeypad = this.#isKeypad;
		copy.#charset = this.#charset;
		copy.#region = this.#region;
		copy.#cursorStyle = this.#cursorStyle;
		copy.#colours = [...this.#colours];
		return copy;
	}

	feed(bytes: Buffer): void {
		for (let at = 0; at < bytes.length; at += 1) {
			if (this.#reading === "text") {
				at = bytes.indexOf(ESCAPE, at);
				if (at === -1) return;
				this.#reading = "escape";
			} else {
				this.#reading = this.#read(this.#reading, bytes.readUInt8(at));
			}
		}
	}

	/** Sequences that bring any terminal into these modes. */
	toBytes(): Buffer {
		const on = [...this.#modes].filter(([, isOn]) => isOn).map(([mode]) => mode);
		const off = [...this.#modes].filter(([mode, isOn]) => !isOn && mode !== ORIGIN).map(([mode]) => mode);
		const sequences = [
			this.#isAlternate ? "[?1049h" : "[?1047l",
			off.length > 0 ? `[?${off.join(";")}l` : null,
			on.length > 0 ? `[?${on.join(";")}h` : null,
			this.#isInserting ? "[4h" : "[4l",
			this.#isKeypad ? "=" : ">",
			`(${this.#charset}`,
			this.#region === "" ? null : `[${this.#region}r`,
			this.#cursorStyle === "" ? null : `[${this.#cursorStyle}q`,
			...["0", ...this.#colours].map((colour) => `[${colour}m`),
		];
		return Buffer.from(
			sequences.flatMap((sequence) => (sequence === null ? [] : `\x1b${sequence}`)).join(""),
			"latin1",
		);
	}

	#read(reading: Exclude<Reading, "text">, byte: number): Reading {
		if (byte === ESCAPE) return "escape";
		if (CANCEL.has(byte)) return "text";
		switch (reading) {
			case "escape":
				return this.#readEscape(String.fromCharCode(byte));
			case "control":
				return this.#readControl(byte);
			case "string":
				return byte === BELL ? "text" : "string";
			case "charset":
				this.#charset = byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "B";
				return "text";
			case "one-more":
				return "text";
		}
	}

	#readEscape(character: string): Reading {
		if (character === "[") {
			this.#parameters = "";
			return "control";
		}
		if ("]PX^_".includes(character)) return "string";
		if (character === "(") return "charset";
		if (")*+-./#% ".includes(character)) return "one-more";
		if (character === "=" || character === ">") this.#isKeypad = character === "=";
		if (character === "c") this.#reset();
		return "text";
	}

	#readControl(byte: number): Reading {
		if (byte >= 0x40 && byte <= 0x7e) {
			if (this.#parameters.length <= MAX_PARAMETERS) this.#apply(String.fromCharCode(byte), this.#parameters);
			return "text";
		}
		const isParameter = byte >= 0x20 && byte <= 0x3f;
		if (isParameter && this.#parameters.length <= MAX_PARAMETERS) this.#parameters += String.fromCharCode(byte);
		return "control";
	}

	#apply(final: string, parameters: string): void {
		if (final === "h" || final === "l") this.#setModes(parameters, final === "h");
		else if (final === "m" && /^[\d;:]*$/.test(parameters)) this.#colour(parameters);
		else if (final === "r" && /^\d{0,5}(;\d{0,5})?$/.test(parameters)) this.#region = parameters;
		else if (final === "q" && /^\d{0,2} $/.test(parameters)) this.#cursorStyle = parameters;
		else if (final === "p" && parameters === "!") this.#softReset();
	}

	#setModes(parameters: string, isOn: boolean): void {
		if (parameters === "4") this.#isInserting = isOn;
		if (!parameters.startsWith("?")) return;
		for (const mode of parameters.slice(1).split(";").map(Number)) {
			if (ALTERNATE_SCREEN.has(mode)) this.#isAlternate = isOn;
			if (this.#modes.has(mode)) this.#modes.set(mode, isOn);
		}
	}

	#colour(parameters: string): void {
		if (/^0*(;|$)/.test(parameters)) this.#colours = [];
		if (!/^0*$/.test(parameters)) this.#colours.push(parameters);
		while (this.#colours.join("\x1b[m").length > MAX_COLOUR_BYTES) this.#colours.shift();
	}

	/** Everything but which screen is shown, the mouse and pasting. */
	#softReset(): void {
		for (const mode of [1, 6, 66]) this.#modes.set(mode, false);
		for (const mode of [7, 25]) this.#modes.set(mode, true);
		this.#isInserting = false;
		this.#isKeypad = false;
		this.#charset = "B";
		this.#region = "";
		this.#colours = [];
	}

	#reset(): void {
		this.#softReset();
		this.#modes = new Map(DEFAULT_MODES);
		this.#isAlternate = false;
		this.#cursorStyle = "";
	}
}
