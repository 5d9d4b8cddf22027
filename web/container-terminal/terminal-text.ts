/** What the page itself writes into terminals, and what it takes out of text that is pasted into them. */

/**
 * Main screen, visible cursor, no mouse, focus or paste reports, usual keys: undoes what a killed program left. The
 * cursor is saved first because going back to the main screen restores it, also for who is there already.
 */
const USUAL_MODES = "\x1b7\x1b[?1049l\x1b[!p\x1b[?1;9;1000;1002;1003;1004;1006;2004l\x1b[?7h\x1b>";
/** Control characters other than tab and line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const UNPASTEABLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g;

/** A line of the page's own, pale, behind whatever a program left the terminal in. */
export function noteText(note: string): string {
	return `${USUAL_MODES}\r\n${pale(note)}`;
}

/**
 * Clears everything, in order with what is still to be parsed: ends a sequence that was cut short, resets, and takes
 * back what a reset leaves: colours and the title. As bytes, which also end a character that was cut short.
 */
export function resetBytes(): Uint8Array {
	return new TextEncoder().encode("\x18\x1bc\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07\x1b]2;\x07");
}

/** Without the escape sequences by which a page that was copied from could end the marked paste and run commands. */
export function pasteable(text: string): string {
	return text.replace(UNPASTEABLE, "");
}

function pale(text: string): string {
	return `\x1b[0;90m[${text}]\x1b[0m\r\n`;
}
