/**
 * Reads output the way a terminal does, sequence by sequence, in whatever pieces it comes. What the sequences mean is
 * the listener's business.
 */

const ESCAPE = 0x1b;
const BELL = 0x07;
const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
/** Control characters beyond ASCII (`CSI` as one character and the like) begin with this byte in UTF-8. */
const C1_LEAD = 0xc2;
const LAST_C1 = 0x9f;
const STRING_END = 0x9c;
/** No control sequence that matters is longer; a longer one is reported as unreadable. */
const MAX_PARAMETERS = 96;
/** Titles and colours fit; what is longer (clipboards, pictures) is reported as unreadable. */
const MAX_COMMAND = 1024;

/** Characters behind ESC that begin a string: OSC, DCS, SOS, PM, APC. */
export type StringKind = "]" | "P" | "X" | "^" | "_";
const STRING_KINDS: ReadonlyMap<number, StringKind> = new Map(
	(["]", "P", "X", "^", "_"] as const).map((kind) => [kind.charCodeAt(0), kind]),
);

export interface EscapeListener {
	/** Reads text from `from` on and returns where it ends: at the first byte that `isSpecial`, or the end. */
	text(bytes: Buffer, from: number): number;
	/** SO and SI: which of the first two character sets is used. */
	shift(level: 0 | 1): void;
	/** ESC and one character, e.g. `7`. */
	escape(character: string): void;
	/** `slot` is one of `()*+-./`, `charset` the character that names the set. */
	charset(slot: string, charset: string): void;
	/** CSI: `parameters` with prefix and intermediates as written, e.g. `?25` and `h`. */
	control(final: string, parameters: string): void;
	/** An operating system command, e.g. `2;title`, as latin1: one character a byte. */
	command(text: string): void;
	/** A sequence that is too long to be looked at. */
	unreadable(): void;
}

/** Whether a byte ends text: an escape sequence or another control begins here. */
export function isSpecial(byte: number): boolean {
	return byte === ESCAPE || byte === C1_LEAD || byte === SHIFT_OUT || byte === SHIFT_IN;
}

/** For listeners that text does not matter to. */
export function endOfText(bytes: Buffer, from: number): number {
	let at = from;
	while (at < bytes.length && !isSpecial(bytes[at] as number)) at += 1;
	return at;
}

type State = "text" | "c1" | "escape" | "control" | "string" | "charset" | "one-more";

export class EscapeReader {
	readonly #listener: EscapeListener;
	#state: State = "text";
	/** Bytes before the chunk that is being read. */
	#before = 0;
	#sequenceEnd = 0;
	#parameters = "";
	#slot = "";
	#kind: StringKind = "]";
	#command = "";
	#last = 0;

	constructor(listener: EscapeListener) {
		this.#listener = listener;
	}

	/** Behind the last sequence that is complete, counted from the first byte ever fed. */
	get sequenceEnd(): number {
		return this.#sequenceEnd;
	}

	/** Whether a sequence has begun that is not complete. */
	get isWithinSequence(): boolean {
		return this.#state !== "text";
	}

	/** The string that is being read, null outside of one. */
	get openString(): StringKind | null {
		return this.#state === "string" ? this.#kind : null;
	}

	feed(bytes: Buffer): void {
		for (let at = 0; at < bytes.length; ) {
			if (this.#state === "text") at = this.#readText(bytes, at);
			else if (this.#state === "string") at = this.#readString(bytes, at);
			else {
				const isCharacter = this.#state === "c1" && (bytes[at] as number) > LAST_C1;
				this.#state = this.#readByte(this.#state, bytes[at] as number);
				at += 1;
				if (this.#state === "text" && !isCharacter) this.#sequenceEnd = this.#before + at;
			}
		}
		this.#before += bytes.length;
	}

	#readText(bytes: Buffer, from: number): number {
		const at = this.#listener.text(bytes, from);
		if (at === bytes.length) return at;
		const byte = bytes[at] as number;
		if (byte === ESCAPE) this.#state = "escape";
		else if (byte === C1_LEAD) this.#state = "c1";
		else this.#readShift(byte, at + 1);
		return at + 1;
	}

	#readShift(byte: number, next: number): void {
		this.#listener.shift(byte === SHIFT_OUT ? 1 : 0);
		this.#sequenceEnd = this.#before + next;
	}

	#readByte(state: Exclude<State, "text" | "string">, byte: number): State {
		if (state === "c1") return this.#readC1(byte);
		if (byte === ESCAPE) return "escape";
		if (byte === CANCEL || byte === SUBSTITUTE) return "text";
		switch (state) {
			case "escape":
				return this.#readEscape(byte);
			case "control":
				return this.#readControl(byte);
			case "charset":
				this.#listener.charset(this.#slot, String.fromCharCode(byte));
				return "text";
			case "one-more":
				return "text";
		}
	}

	/** A character between U+0080 and U+009F stands for ESC and the character 64 below it. */
	#readC1(byte: number): State {
		return byte >= 0x80 && byte <= LAST_C1 ? this.#readEscape(byte - 0x40) : "text";
	}

	#readEscape(byte: number): State {
		const character = String.fromCharCode(byte);
		const kind = STRING_KINDS.get(byte);
		if (kind !== undefined) {
			this.#kind = kind;
			this.#command = "";
			this.#last = 0;
			return "string";
		}
		if (character === "[") {
			this.#parameters = "";
			return "control";
		}
		if ("()*+-./".includes(character)) {
			this.#slot = character;
			return "charset";
		}
		if ("#% ".includes(character)) return "one-more";
		this.#listener.escape(character);
		return "text";
	}

	#readControl(byte: number): State {
		if (byte >= 0x40 && byte <= 0x7e) {
			if (this.#parameters.length > MAX_PARAMETERS) this.#listener.unreadable();
			else this.#listener.control(String.fromCharCode(byte), this.#parameters);
			return "text";
		}
		const isParameter = byte >= 0x20 && byte <= 0x3f;
		if (isParameter && this.#parameters.length <= MAX_PARAMETERS) this.#parameters += String.fromCharCode(byte);
		return "control";
	}

	#readString(bytes: Buffer, from: number): number {
		const isCommand = this.#kind === "]";
		let at = from;
		for (; at < bytes.length; at += 1) {
			const byte = bytes[at] as number;
			const isEnd = byte === STRING_END && this.#last === C1_LEAD;
			if (byte === ESCAPE || byte === CANCEL || byte === SUBSTITUTE || isEnd || (isCommand && byte === BELL)) break;
			this.#last = byte;
		}
		if (isCommand && this.#command.length <= MAX_COMMAND) this.#command += bytes.toString("latin1", from, at);
		if (at === bytes.length) return at;
		const byte = bytes[at] as number;
		this.#endString(byte === CANCEL || byte === SUBSTITUTE);
		this.#state = byte === ESCAPE ? "escape" : "text";
		if (this.#state === "text") this.#sequenceEnd = this.#before + at + 1;
		return at + 1;
	}

	#endString(isCancelled: boolean): void {
		if (isCancelled || this.#kind !== "]") return;
		if (this.#command.length > MAX_COMMAND) this.#listener.unreadable();
		else this.#listener.command(this.#command);
	}
}
