import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ScreenModes } from "../../container-image/agent/screen/screen-modes.ts";

/** Far below what a snapshot may hold. */
const MAX_BYTES = 32 * 1024;

function after(...pieces: (string | Buffer)[]): string {
	const modes = new ScreenModes();
	for (const piece of pieces) modes.feed(Buffer.from(piece));
	return modes.toGuess();
}

const NEW = after("");

/** The private modes that are switched this way. */
function switched(text: string, final: "h" | "l"): string[] {
	const sequences = text.split("\x1b").filter((part) => part.startsWith("[?") && part.endsWith(final));
	return sequences.flatMap((part) => part.slice(2, -1).split(";"));
}

test("a new terminal wraps, shows its cursor, and has nothing else switched on", () => {
	assert.deepEqual(switched(NEW, "h"), ["7", "25"]);
	assert.ok(NEW.endsWith("\x1b[0m"));
	assert.ok(NEW.startsWith("\x1b[?1047l"));
});

test("modes, screen, region, cursor, keypad, character set and colours are remembered", () => {
	const vim = after(
		"text\x1b[?1049h\x1b[?1h\x1b=\x1b[2;23r\x1b[?25l\x1b[?1000;1006h\x1b[2 q\x1b(0\x1b[1m\x1b[38;5;12m\x1b[4h",
	);
	assert.ok(vim.startsWith("\x1b[?1049h"));
	assert.deepEqual(switched(vim, "h").sort(), ["1", "1000", "1006", "1049", "7"]);
	for (const part of ["\x1b=", "\x1b[2;23r", "\x1b[2 q", "\x1b(0", "\x1b[4h", "\x1b[0m\x1b[1m\x1b[38;5;12m"]) {
		assert.ok(vim.includes(part), JSON.stringify(part));
	}
});

test("what is switched off again, and a reset, leave nothing behind", () => {
	assert.equal(after("\x1b[?1049h\x1b[?2004h\x1b[31m", "\x1b[?1049l\x1b[?2004l\x1b[0m"), NEW);
	assert.equal(after("\x1b[?1049h\x1b[?25l\x1b[5 q\x1b[1;31m\x1b(0\x1b[3;4r\x1b=\x1bc"), NEW);
	assert.equal(after("\x1b[?25l\x1b[1;31m\x1b(0\x1b[3;4r\x1b=\x1b[4h\x1b[!p"), NEW);
	assert.equal(after("\x1b[1m\x1b[m"), NEW);
	assert.ok(after("\x1b[31m\x1b[0;1m").endsWith("\x1b[0m\x1b[1m"));
});

test("strings and sequences that only look alike change nothing", () => {
	assert.equal(after("\x1b]1337;[?1049h\x07"), NEW);
	assert.equal(after("\x1b]8;;http://x/[31m\x1b\\link\x1b]8;;\x1b\\"), NEW);
	assert.equal(after("\x1bP+q[?25l\x1b\\"), NEW);
	assert.equal(after("[?1049h ?25l"), NEW);
	assert.equal(after("\x1b[>4;2m\x1b[?1$p\x1b[c\x1b#8"), NEW);
	assert.equal(after("\x1b[?1049\x18h"), NEW);
});

test("the pieces in which output comes make no difference, and what is remembered is bounded", () => {
	const part = fc.oneof(
		fc.constantFrom(
			"\x1b[?1049h",
			"\x1b[?1049l",
			"\x1b[?25l",
			"\x1b[31m",
			"\x1b[0m",
			"\x1b[1;4m",
			"\x1b[5;9r",
			"\x1b(0",
		),
		fc.constantFrom("\x1b]0;title\x07", "\x1bP1;2|x\x1b\\", "\x1b[", "\x1b", "text", "\x1b[38;2;1;2;3m", "\x1bc"),
		fc.string(),
		fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
	);
	fc.assert(
		fc.property(fc.array(part, { maxLength: 60 }), fc.array(fc.nat(), { maxLength: 20 }), (parts, cuts) => {
			const bytes = Buffer.from(parts.join(""), "latin1");
			const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
			const pieces = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
			assert.equal(after(...pieces), after(bytes));
			assert.ok(after(bytes).length <= MAX_BYTES);
		}),
		{ numRuns: 500 },
	);
});

test("an endless sequence and endless colours take no memory", () => {
	assert.ok(after(`\x1b[${"1;".repeat(100_000)}m`).length <= MAX_BYTES);
	assert.ok(after("\x1b[38;2;100;100;100m".repeat(1_000)).length <= MAX_BYTES);
	const most = `\x1b[?${Array.from({ length: 2_017 }, (_, i) => i).join("h\x1b[?")}h\x1b[11111;22222r\x1b[22 q`;
	assert.ok(after(most, "\x1b[1m".repeat(1_000)).length <= MAX_BYTES);
});
