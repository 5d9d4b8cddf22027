/** Says that the files take too much, for as long as they do. */
import { type LastingNotice, showLastingNotice } from "./notices.ts";

export class DiskNotice {
	#notice: LastingNotice | null = null;

	/** Null: there is room. */
	show(text: string | null): void {
		if (text === null) {
			this.#notice?.remove();
			this.#notice = null;
			return;
		}
		this.#notice ??= showLastingNotice(text, text);
		this.#notice.say(text);
	}
}
