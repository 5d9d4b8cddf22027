/**
 * Programs may ask the terminal to put text on the clipboard (OSC 52), and to tell what is on it. The second is never
 * answered: it would hand whatever was copied last, a password say, to whatever prints the question. The first is asked
 * of the person, who sees the text: what comes to the clipboard is pasted into another terminal next.
 */
import { pasteable } from "./terminal-text.ts";

/** Longer text is not offered: nobody could say what is in it. */
const MAX_TEXT_LENGTH = 256 * 1024;
/** As base64: four letters for three bytes, of which a character has at most four. */
const MAX_DATA_LENGTH = MAX_TEXT_LENGTH * 6;

/** They make text look like another one than it is. */
const DIRECTION_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/g;

/** The text of `Pc;Pd`, without control characters; null where it is a question, nothing, or too much. */
export function clipboardTextIn(data: string): string | null {
	if (data.length > MAX_DATA_LENGTH) return null;
	const encoded = data.slice(data.indexOf(";") + 1);
	if (encoded === "?") return null;
	try {
		const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
		const text = pasteable(new TextDecoder().decode(bytes)).replace(DIRECTION_OVERRIDES, "");
		return text.length === 0 || text.length > MAX_TEXT_LENGTH ? null : text;
	} catch {
		// Not base64.
		return null;
	}
}

/** A refusal holds for this long, whatever the session prints. */
const REFUSED_MS = 60_000;

/** Which sessions may ask now: one question at a time, and none for a while of a session that got no for an answer. */
export class ClipboardManners {
	readonly #refusedUntil = new WeakMap<object, number>();
	#isAsking = false;

	/** `now` as of `performance.now()`; true has to be followed by `answered`. */
	mayAsk(session: object, now: number): boolean {
		if (this.#isAsking || now < (this.#refusedUntil.get(session) ?? 0)) return false;
		this.#isAsking = true;
		return true;
	}

	answered(session: object, isAllowed: boolean, now: number): void {
		this.#isAsking = false;
		if (!isAllowed) this.#refusedUntil.set(session, now + REFUSED_MS);
	}
}
