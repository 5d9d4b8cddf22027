/** How the next character will look, as the sequences (SGR) have said that were read so far. */

type Slot =
	| "text"
	| "background"
	| "line"
	| "bold"
	| "dim"
	| "italic"
	| "underline"
	| "blink"
	| "inverse"
	| "hidden"
	| "strike"
	| "overline";
/** What one sequence does: `null` clears a slot, `"reset"` all of them. */
type Change = "reset" | { slot: Slot; code: string | null };

const SET: ReadonlyMap<string, Slot> = new Map([
	["1", "bold"],
	["2", "dim"],
	["3", "italic"],
	["4", "underline"],
	["5", "blink"],
	["7", "inverse"],
	["8", "hidden"],
	["9", "strike"],
	["21", "underline"],
	["53", "overline"],
]);
const CLEARED: ReadonlyMap<string, readonly Slot[]> = new Map([
	["22", ["bold", "dim"]],
	["23", ["italic"]],
	["24", ["underline"]],
	["25", ["blink"]],
	["27", ["inverse"]],
	["28", ["hidden"]],
	["29", ["strike"]],
	["39", ["text"]],
	["49", ["background"]],
	["55", ["overline"]],
	["59", ["line"]],
]);
const COLOURED: ReadonlyMap<string, Slot> = new Map([
	["38", "text"],
	["48", "background"],
	["58", "line"],
]);
/** Numbers that follow a colour's kind: an index, or red, green and blue. */
const COLOUR_NUMBERS: ReadonlyMap<string, number> = new Map([
	["5", 1],
	["2", 3],
]);
/** Programs use few different sequences, and those over and over; some compute them. */
const MAX_REMEMBERED = 512;

export class Pen {
	readonly #codes: Map<Slot, string>;
	#isKnown: boolean;

	constructor(copied?: Pen) {
		this.#codes = new Map(copied === undefined ? [] : copied.#codes);
		this.#isKnown = copied?.isKnown ?? true;
	}

	/** False since a sequence that says nothing to us. */
	get isKnown(): boolean {
		return this.#isKnown;
	}

	/** Brings any other pen into this state. */
	toSequences(): string {
		return ["0", ...this.#codes.values()].map((code) => `\x1b[${code}m`).join("");
	}

	/** `parameters` as they stand between `CSI` and `m`. */
	apply(parameters: string): void {
		const changes = changesOf(parameters);
		if (changes === null) this.#isKnown = false;
		for (const change of changes ?? []) {
			if (change === "reset") this.#reset();
			else if (change.code === null) this.#codes.delete(change.slot);
			else this.#codes.set(change.slot, change.code);
		}
	}

	/** Something was said that could not be read. */
	forget(): void {
		this.#isKnown = false;
	}

	#reset(): void {
		this.#codes.clear();
		this.#isKnown = true;
	}
}

const remembered = new Map<string, readonly Change[] | null>();

/** Null where the sequence is none that we know. */
function changesOf(parameters: string): readonly Change[] | null {
	const known = remembered.get(parameters);
	if (known !== undefined) return known;
	const changes = parse(parameters.split(";"));
	if (remembered.size >= MAX_REMEMBERED) remembered.clear();
	remembered.set(parameters, changes);
	return changes;
}

function parse(tokens: string[]): Change[] | null {
	const changes: Change[] = [];
	for (let at = 0; at < tokens.length; at += 1) {
		const slot = COLOURED.get(tokens[at] ?? "");
		if (slot === undefined) {
			const single = parseSingle(tokens[at] ?? "");
			if (single === null) return null;
			changes.push(...single);
			continue;
		}
		const length = 2 + (COLOUR_NUMBERS.get(tokens[at + 1] ?? "") ?? Number.POSITIVE_INFINITY);
		const code = tokens.slice(at, at + length);
		if (code.length < length || !code.every((part) => /^\d+$/.test(part))) return null;
		changes.push({ slot, code: code.join(";") });
		at += length - 1;
	}
	return changes;
}

function parseSingle(token: string): Change[] | null {
	if (token === "" || /^0+$/.test(token)) return ["reset"];
	const slot = SET.get(token);
	if (slot !== undefined) return [{ slot, code: token }];
	const cleared = CLEARED.get(token);
	if (cleared !== undefined) return cleared.map((each) => ({ slot: each, code: null }));
	if (/^(3|9)[0-7]$/.test(token)) return [{ slot: "text", code: token }];
	if (/^(4|10)[0-7]$/.test(token)) return [{ slot: "background", code: token }];
	if (/^4:[0-5]$/.test(token)) return [{ slot: "underline", code: token === "4:0" ? null : token }];
	return null;
}
