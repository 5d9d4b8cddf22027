/** Reads lines `#1`, `#2`, … and notes where one is missing, comes twice or is torn. */

export class NumberWatch {
	readonly problems: string[] = [];
	/** Number of the last whole line. */
	last = 0;
	#rest = "";

	read(chunk: Uint8Array): void {
		const lines = (this.#rest + Buffer.from(chunk).toString("latin1")).split("\r\n");
		this.#rest = lines.pop() ?? "";
		for (const line of lines) this.#check(line);
	}

	#check(line: string): void {
		// The terminal turns bracketed paste off before the first one.
		const [, digits] = /(?:^|\r)#(\d+)$/.exec(line) ?? [];
		// What was typed and the first prompt come before the first number.
		if (digits === undefined && this.last === 0) return;
		if (Number(digits) !== this.last + 1) this.problems.push(`after #${this.last}: ${JSON.stringify(line)}`);
		this.last = digits === undefined ? this.last : Number(digits);
	}
}
