import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../server/core/log.ts";

export type LogLine = { level: "debug" | "info" | "warn" | "error"; message: string; fields: Record<string, unknown> };

const PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 10;

/** Keeps what is logged, for a test to look at. */
export class RecordingLog implements Log {
	readonly lines: LogLine[];
	readonly #fields: object;

	constructor(lines: LogLine[] = [], fields: object = {}) {
		this.lines = lines;
		this.#fields = fields;
	}

	/** The first line with this message, once it comes. */
	async line(message: string): Promise<LogLine> {
		const deadline = performance.now() + PATIENCE_MS;
		for (;;) {
			const found = this.lines.find((line) => line.message === message);
			if (found !== undefined) return found;
			if (performance.now() > deadline) throw new Error(`nobody logged "${message}"`);
			await sleep(LOOK_EVERY_MS);
		}
	}

	debug(fields: object, message: string): void {
		this.#keep("debug", fields, message);
	}

	info(fields: object, message: string): void {
		this.#keep("info", fields, message);
	}

	warn(fields: object, message: string): void {
		this.#keep("warn", fields, message);
	}

	error(fields: object, message: string): void {
		this.#keep("error", fields, message);
	}

	child(fields: object): Log {
		return new RecordingLog(this.lines, { ...this.#fields, ...fields });
	}

	#keep(level: LogLine["level"], fields: object, message: string): void {
		this.lines.push({ level, message, fields: { ...this.#fields, ...fields } });
	}
}
