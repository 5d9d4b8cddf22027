import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { Replay } from "../../container-image/agent/replay.ts";
import { drawSnapshot } from "../../container-image/agent/screen/draw-snapshot.ts";
import { DrawnScreen } from "../../container-image/agent/screen/drawn-screen.ts";
import {
	SCROLLBACK_LINES,
	type Snapshot,
	type SnapshotMaker,
} from "../../container-image/agent/screen/snapshot-job.ts";
import type { OutputSize, TerminalSize } from "../../server/protocol/session.ts";
import { isBeyondEmptyCell, stateOf } from "./drawn-state.ts";
import { part } from "./random-output.ts";

const CAPACITY = 48 * 1024;
const SIZE = { cols: 40, rows: 10 };

/** Draws here, when it is let. */
class MakerInHand implements SnapshotMaker {
	readonly waiting: (() => void)[] = [];
	made = 0;
	isBroken = false;

	async make(job: Parameters<SnapshotMaker["make"]>[0]): Promise<Snapshot | null> {
		await new Promise<void>((resolve) => this.waiting.push(resolve));
		if (this.isBroken) return null;
		this.made += 1;
		return await drawSnapshot(job);
	}

	async work(): Promise<void> {
		for (const go of this.waiting.splice(0)) go();
		for (let turn = 0; turn < 20; turn += 1) await nextTurn();
	}
}

/** A session's output beside the screen that a page has which saw all of it. */
class Stage implements Disposable {
	readonly maker = new MakerInHand();
	readonly screen = new DrawnScreen(SIZE, SCROLLBACK_LINES);
	readonly replay: Replay;
	relieved = 0;

	constructor({ capacity = CAPACITY } = {}) {
		const onRelieved = (): void => {
			this.relieved += 1;
		};
		this.replay = new Replay({ capacity, size: SIZE, maker: this.maker, onRelieved });
	}

	async print(text: string): Promise<void> {
		const bytes = Buffer.from(text);
		for (let at = 0; at < bytes.length; at += 4_096) {
			for (let tries = 0; this.replay.isFull; tries += 1) {
				assert.ok(tries < 100, "a full replay is relieved");
				await this.maker.work();
			}
			this.replay.append(bytes.subarray(at, at + 4_096));
		}
		await this.screen.draw(bytes);
	}

	resize(size: TerminalSize): void {
		if (size.cols === this.replay.size.cols && size.rows === this.replay.size.rows) return;
		this.replay.resized(size);
		this.screen.resize(size);
	}

	/** What a page shows that comes now. */
	async enter(from: number | null = null): Promise<DrawnScreen> {
		const { from: start, snapshot, snapshotEnd, sizes } = this.replay.enter(from);
		const [first, ...changes] = sizes as [OutputSize, ...OutputSize[]];
		const screen = new DrawnScreen(first, SCROLLBACK_LINES);
		await screen.draw(snapshot);
		let at = snapshotEnd ?? start;
		for (const change of [...changes, { ...this.replay.size, offset: this.replay.end }]) {
			const until = Math.max(at, change.offset);
			await screen.draw(this.#bytes(at, until));
			at = until;
			screen.resize(change);
		}
		return screen;
	}

	[Symbol.dispose](): void {
		this.replay.close();
		this.screen.terminal.dispose();
	}

	#bytes(from: number, to: number): Buffer {
		const pieces: Buffer[] = [];
		for (let at = from; at < to; ) {
			const piece = Buffer.from(this.replay.read(at, to - at));
			pieces.push(piece);
			at += piece.length;
		}
		return Buffer.concat(pieces);
	}
}

/** What is on the screen and the lines right above it; how many lines are kept beyond is another matter. */
function visible(screen: DrawnScreen): object {
	const state = stateOf(screen);
	return {
		...state,
		saved: null,
		savedLook: null,
		rows: state.rows.slice(-screen.terminal.rows),
		normal: state.normal.slice(-20),
	};
}

async function assertSameFor(stage: Stage): Promise<void> {
	using copy = await stage.enter();
	assert.deepEqual(visible(copy), visible(stage.screen));
}

/** Kept short, as they are printed where something fails. */
type Step =
	| { line: string; count: number }
	| { frames: number }
	| { parts: string[] }
	| { size: TerminalSize }
	| "work";

const LINES = [
	"y",
	"12345678",
	"The quick brown fox jumps over the dog, twice",
	"\x1b[32mgreen\x1b[m \x1b[1mbold",
	"größe 漢字",
];
const flood = fc.record({ line: fc.constantFrom(...LINES), count: fc.integer({ min: 1, max: 2_500 }) });
/** xterm.js does not bring back the colour of underlines with the cursor. */
const restorable = part.filter((text) => !text.includes("58;"));
const chaos = fc.record({ parts: fc.array(restorable, { maxLength: 40 }) });
/** Draws over itself: no line of it scrolls away. */
const fullScreen = fc.record({ frames: fc.integer({ min: 1, max: 600 }) });

/** Whoever restores a cursor that was saved long ago, twice, may find it elsewhere. */
const SAVED = "\x1b[?1047h\x1b7\x1b[?1047l\x1b7";
const RESTORED = "\x1b[?1047l\x1b8";

function textOf(step: Exclude<Step, "work" | { size: TerminalSize }>): string {
	if ("parts" in step) return `${SAVED}${step.parts.join("")}${RESTORED}`;
	if ("line" in step) return Array.from({ length: step.count }, (_, i) => `${i} ${step.line}\r\n`).join("");
	const frameOf = (i: number): string => `\x1b[${(i % 9) + 1};1H\x1b[3${i % 8}m${"frame ".repeat(6)}${i}\x1b[K`;
	return Array.from({ length: step.frames }, (_, i) => frameOf(i)).join("");
}

async function perform(stage: Stage, step: Step): Promise<void> {
	if (step === "work") await stage.maker.work();
	else if ("size" in step) stage.resize(step.size);
	else await stage.print(textOf(step));
}

const resize = fc
	.constantFrom({ cols: 40, rows: 10 }, { cols: 60, rows: 12 }, { cols: 30, rows: 8 })
	.map((size) => ({ size }));
const work = fc.constant("work" as const);
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 3, arbitrary: flood },
	{ weight: 3, arbitrary: chaos },
	{ weight: 2, arbitrary: fullScreen },
	{ weight: 1, arbitrary: resize },
	{ weight: 3, arbitrary: work },
);

/**
 * Rows that are printed at most. Where xterm.js has to throw away the oldest row for each new one, a saved cursor moves
 * with the screen, elsewhere it does not.
 */
function rowsOf(steps: Step[]): number {
	return steps.reduce((rows, step) => rows + (typeof step === "object" && "count" in step ? 2 * step.count : 10), 0);
}

test("whoever comes at any time sees what those see who were there from the beginning", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { maxLength: 16 }), async (steps) => {
			fc.pre(rowsOf(steps) < SCROLLBACK_LINES);
			using stage = new Stage();
			for (const each of steps) await perform(stage, each);
			await stage.print("\x07");
			fc.pre(!isBeyondEmptyCell(stage.screen));
			await assertSameFor(stage);
		}),
		{ numRuns: Number(process.env.RUNS ?? 40) },
	);
});

test("after a flood there is as much above the screen as the ring holds of it", async () => {
	using stage = new Stage({ capacity: 1024 * 1024 });
	const lines = Array.from({ length: 40_000 }, (_, i) => `line ${i} of a flood that nobody could read so fast\r\n`);
	await stage.print(lines.join(""));
	using copy = await stage.enter();
	assert.ok(copy.terminal.buffer.normal.length >= 9_000, `${copy.terminal.buffer.normal.length} lines`);
	await assertSameFor(stage);
	// Nobody looks any more, and nothing will come.
	const compacting = stage.replay.compact();
	await stage.maker.work();
	await compacting;
	assert.ok(stage.replay.start > 0 && stage.replay.end - stage.replay.start < 1_000, "the output is gone");
	using later = await stage.enter();
	assert.ok(later.terminal.buffer.normal.length >= 9_000, `${later.terminal.buffer.normal.length} lines`);
	await assertSameFor(stage);
});

test("where drawing fails, output goes on all the same, with the modes that it set", async () => {
	using stage = new Stage();
	stage.maker.isBroken = true;
	await stage.print("\x1b[?1049h\x1b[?2004h");
	await stage.print("\x1b[1;1Hover and over\x1b[K".repeat(20_000));
	assert.ok(stage.relieved > 0);
	using copy = await stage.enter();
	assert.equal(copy.terminal.buffer.active.type, "alternate");
	assert.equal(copy.terminal.modes.bracketedPasteMode, true);
});
