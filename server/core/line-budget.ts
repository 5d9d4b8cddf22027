/** Bounds the lines of the audit log that one cause can write in a minute: the disk is everybody's. */
import type { AuditEvent } from "./audit.ts";
import { PerMinute } from "./per-minute.ts";

export class LineBudget {
	readonly #perMinute: number;
	readonly #lines: PerMinute;

	constructor(perMinute: number, lines = new PerMinute()) {
		this.#perMinute = perMinute;
		this.#lines = lines;
	}

	/** What is to be written: the event, once a line that there is more, or nothing. `key`: its cause. */
	admit(key: string, event: AuditEvent): AuditEvent | null {
		const lines = this.#lines.count(key);
		if (lines <= this.#perMinute) return event;
		if (lines > this.#perMinute + 1) return null;
		const { actor, address, subject } = event;
		const details = { what: `lines in this minute, the next: ${event.action}` };
		return { actor, address, subject, action: "limit.hit", result: "RATE_LIMITED", details };
	}
}
