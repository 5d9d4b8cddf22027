/** Counts down where a session is about to be ended, as long as somebody can still keep it. */
import { type LastingNotice, showLastingNotice } from "./notices.ts";
import { type Expiry, expiryHint, expiryWords } from "./session-words.ts";

const COUNTDOWN_MS = 250;

export class ExpiryNotice {
	#notice: LastingNotice | null = null;
	#timer: number | undefined;

	/** Null: nothing is about to end. */
	show(name: string, expiry: Expiry | null): void {
		clearInterval(this.#timer);
		if (expiry === null) {
			this.#notice?.remove();
			this.#notice = null;
			return;
		}
		const words = (): string => expiryWords(name, expiry, Date.now());
		this.#notice ??= showLastingNotice(words(), `Session ${name} ${expiryHint(expiry)}.`);
		this.#notice.say(words());
		this.#timer = window.setInterval(() => this.#notice?.say(words()), COUNTDOWN_MS);
	}
}
