/** What keys send to programs, as terminals have sent it since the VT100 and xterm. */

export type Modifiers = { ctrl: boolean; alt: boolean };

export type KeyMeaning =
	/** Sends this text. */
	| { text: string }
	/** A cursor key, by the last letter of its sequence. */
	| { cursor: string }
	/** A key of the block above the arrows, by its number. */
	| { number: number };

/** `isApplication`: the program asked for the cursor keys' other form. */
export function bytesOfKey(key: KeyMeaning, modifiers: Modifiers, isApplication: boolean): string {
	if ("text" in key) return withModifiers(key.text, modifiers);
	const { alt, ctrl } = modifiers;
	const modifier = 1 + (alt ? 2 : 0) + (ctrl ? 4 : 0);
	if ("number" in key) return modifier === 1 ? `\x1b[${key.number}~` : `\x1b[${key.number};${modifier}~`;
	if (modifier > 1) return `\x1b[1;${modifier}${key.cursor}`;
	return isApplication ? `\x1bO${key.cursor}` : `\x1b[${key.cursor}`;
}

/** One typed character with Ctrl or Alt held. A character that has no control form stays as it is. */
export function withModifiers(text: string, { alt, ctrl }: Modifiers): string {
	const typed = ctrl ? controlOf(text) : text;
	return alt ? `\x1b${typed}` : typed;
}

function controlOf(text: string): string {
	if (text === "?") return "\x7f";
	if (text === " ") return "\x00";
	// The usual stand-ins for Ctrl-_ and Ctrl-^, which need a shift key.
	if (text === "-" || text === "/") return "\x1f";
	return /^[@-_a-z]$/.test(text) ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f) : text;
}
