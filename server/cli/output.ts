/** What `berth` prints: tables for people, JSON for programs. */
import { once } from "node:events";
import type { Writable } from "node:stream";

export type Streams = { stdout: Writable; stderr: Writable };

/** Null is shown as nothing. */
export type Cell = string | number | boolean | null;

export class Output {
	readonly #streams: Streams;
	readonly isJson: boolean;

	constructor(streams: Streams, isJson: boolean) {
		this.#streams = streams;
		this.isJson = isJson;
	}

	/** The result: `text` for people, or all of it as JSON. */
	async result(result: unknown, text: string): Promise<void> {
		await this.#write(this.isJson ? `${jsonOf(result, 2)}\n` : text === "" ? "" : `${text}\n`);
	}

	/** One of many: a line of JSON, or of text. */
	async line(value: unknown, text: string): Promise<void> {
		await this.#write(`${this.isJson ? jsonOf(value) : text}\n`);
	}

	/** One of many, as JSON in any case. */
	async json(value: unknown): Promise<void> {
		await this.#write(`${jsonOf(value)}\n`);
	}

	/** For people, beside the result. */
	note(text: string): void {
		this.#streams.stderr.write(`${printable(text)}\n`);
	}

	/** Waits where nobody reads. */
	async #write(text: string): Promise<void> {
		if (!this.#streams.stdout.write(text)) await once(this.#streams.stdout, "drain");
	}
}

/** Rows under their headings, each column as wide as it has to be. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
	const all = [headings, ...rows.map((row) => row.map((cell) => printable(String(cell ?? ""))))];
	const widths = headings.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
	return all
		.map((row) =>
			row
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

/** Names and values, one below the other. */
export function listing(facts: Readonly<Record<string, Cell>>): string {
	const width = Math.max(...Object.keys(facts).map(({ length }) => length));
	return Object.entries(facts)
		.map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value ?? "–"))}`)
		.join("\n");
}

/** Without what a terminal would take for a command: names come from strangers. */
export function printable(text: string): string {
	return text.replaceAll(/\p{C}/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** The same for JSON, where it may be said differently but means the same. */
export function jsonOf(value: unknown, indent?: number): string {
	return JSON.stringify(value, null, indent).replaceAll(/[^\P{C}\n]/gu, (character) =>
		[...Array(character.length).keys()]
			.map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
			.join(""),
	);
}

/** Unix time in ms → `2026-11-21 14:05:09`, in UTC. */
export function timeText(at: number | null): string | null {
	return at === null ? null : new Date(at).toISOString().replace("T", " ").slice(0, 19);
}
