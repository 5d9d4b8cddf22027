import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DrawnScreen } from "../../container-image/agent/screen/drawn-screen.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { isBeyondEmptyCell, stateOf } from "./drawn-state.ts";
import { part } from "./random-output.ts";

const SIZE = { cols: 12, rows: 5 };
const SCROLLBACK = 30;
const MAX_BYTES = 1024 * 1024;
/** Raise it to look longer. */
const RUNS = Number(process.env.RUNS ?? 300);

/** Some sequences bring xterm.js itself to throw; it draws nothing then, in a page as little as here. */
async function drawn(parts: (string | Buffer)[], size: TerminalSize): Promise<DrawnScreen> {
	const screen = new DrawnScreen(size, SCROLLBACK);
	for (const each of parts) await screen.draw(Buffer.from(each));
	return screen;
}

async function assertSame(parts: string[], later: string[] = [], size = SIZE): Promise<void> {
	// Snapshots are made behind a control character or sequence: no character behind it can join one before it.
	using original = await drawn([...parts, "\x07"], size);
	fc.pre(!isBeyondEmptyCell(original));
	using copy = await drawn([original.snapshot(MAX_BYTES)], size);
	assert.deepEqual(stateOf(copy), stateOf(original));
	for (const each of later) {
		await original.draw(Buffer.from(each));
		await copy.draw(Buffer.from(each));
	}
	assert.deepEqual(stateOf(copy), stateOf(original));
}

test("an empty terminal that reads a snapshot has the same screens, scrollback, cursor and modes, and goes on the same", async () => {
	const parts = fc.array(part, { maxLength: 60 });
	await fc.assert(
		fc.asyncProperty(parts, parts, (before, later) => assertSame(before, later)),
		{ numRuns: RUNS },
	);
});

test("rows that wide characters leave their last cell empty in are kept, where a row below continues by force", async () => {
	const wide = "日本語のテキスト".repeat(5);
	const draw = [
		`\x1b[8;22H265 \x1b[31m${wide}\x1b[0m`,
		`\x1b[9;21H321 \x1b[4:3m${wide}\x1b[0m`,
		`\x1b[10;2H348 \x1b[38;5;200m${wide}\x1b[0m`,
		`\x1b[12;2H348 \x1b[44m${wide}\x1b[0m\x1b[13;7Hover`,
	];
	for (let last = 1; last <= draw.length; last += 1) {
		await assertSame(draw.slice(0, last), [], { cols: 80, rows: 24 });
		await assertSame([...draw.slice(0, last), "\r\nand on\r\n".repeat(30)], [], { cols: 80, rows: 24 });
	}
});
