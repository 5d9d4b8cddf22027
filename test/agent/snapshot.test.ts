import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DrawnScreen } from "../../container-image/agent/screen/drawn-screen.ts";
import { isBeyondEmptyCell, stateOf } from "./drawn-state.ts";
import { part } from "./random-output.ts";

const SIZE = { cols: 12, rows: 5 };
const SCROLLBACK = 30;
const MAX_BYTES = 1024 * 1024;
/** Raise it to look longer. */
const RUNS = Number(process.env.RUNS ?? 300);

/** Some sequences bring xterm.js itself to throw; it draws nothing then, in a page as little as here. */
async function drawn(parts: (string | Buffer)[]): Promise<DrawnScreen> {
	const screen = new DrawnScreen(SIZE, SCROLLBACK);
	for (const each of parts) await screen.draw(Buffer.from(each));
	return screen;
}

async function assertSame(parts: string[], later: string[] = []): Promise<void> {
	// Snapshots are made behind a control character or sequence: no character behind it can join one before it.
	using original = await drawn([...parts, "\x07"]);
	fc.pre(!isBeyondEmptyCell(original));
	using copy = await drawn([original.snapshot(MAX_BYTES)]);
	assert.deepEqual(stateOf(copy), stateOf(original));
	for (const each of later) {
		await original.draw(Buffer.from(each));
		await copy.draw(Buffer.from(each));
	}
	assert.deepEqual(stateOf(copy), stateOf(original));
}

test("an empty terminal that reads a snapshot has the same screens, scrollback, cursor and modes, and goes on the same", async () => {
	const parts = fc.array(part, { maxLength: 60 });
	await fc.assert(fc.asyncProperty(parts, parts, assertSame), { numRuns: RUNS });
});
