import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OUTPUT_ACK_BYTES, OUTPUT_TAIL_BYTES } from "../../server/protocol/limits.ts";
import type { OutputSize } from "../../server/protocol/session.ts";
import { type OutputEntry, OutputStream } from "../../web/container-terminal/output-stream.ts";

const SIZE = { cols: 80, rows: 24 };

/** A terminal that parses when it is told to, as xterm.js does later than it is written to. */
class SlowTerminal {
	screen = "";
	/** What was parsed at which width. */
	widths: Record<number, string> = {};
	faults = 0;
	resets = 0;
	readonly acknowledged: number[] = [];
	/** What was parsed as a replay. */
	replayed = "";
	readonly stream: OutputStream;
	#cols = SIZE.cols;
	#unparsed: (() => void)[] = [];

	constructor() {
		this.stream = new OutputStream({
			write: (bytes, onParsed) => this.#unparsed.push(() => this.#draw(bytes, onParsed)),
			reset: (onDone) => this.#unparsed.push(() => this.#clear(onDone)),
			resize: ({ cols }) => {
				assert.equal(this.#unparsed.length, 0, "nothing that was written before is parsed after");
				this.#cols = cols;
			},
			acknowledge: (offset) => this.acknowledged.push(offset),
			onFault: () => {
				this.faults += 1;
			},
		});
	}

	/** Attached without a snapshot, at the usual size. */
	attach(from: number, entry: Partial<OutputEntry> = {}): boolean {
		const sizes: OutputSize[] = [{ offset: from, ...SIZE }];
		return this.stream.attach({ from, snapshotEnd: null, sizes, replayEnd: from, ...entry });
	}

	/** Parses what was written, and what is written because of it. */
	parse(writes = Number.POSITIVE_INFINITY): void {
		for (let left = writes; left > 0 && this.#unparsed.length > 0; left -= 1) this.#unparsed.shift()?.();
	}

	#draw(bytes: Uint8Array, onParsed: () => void): void {
		const text = new TextDecoder().decode(bytes);
		this.screen += text;
		this.widths[this.#cols] = (this.widths[this.#cols] ?? "") + text;
		if (this.stream.isReplaying) this.replayed += text;
		onParsed();
	}

	#clear(onDone: () => void): void {
		this.resets += 1;
		this.screen = "";
		this.widths = {};
		onDone();
	}
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test("output appears once and in order", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("hello "));
	terminal.stream.receive(6, bytesOf("world"));
	assert.equal(terminal.stream.resumeFrom, 0, "nothing is parsed yet");
	terminal.parse();
	assert.equal(terminal.screen, "hello world");
	assert.equal(terminal.stream.resumeFrom, 11);
});

test("bytes that come twice are left out", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("abcdef"));
	terminal.stream.receive(0, bytesOf("abc"));
	terminal.stream.receive(4, bytesOf("efgh"));
	terminal.parse();
	assert.equal(terminal.screen, "abcdefgh");
	assert.equal(terminal.faults, 0);
});

test("output that does not follow is a fault: nothing more is taken, and what was there is resumed from", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("ab"));
	terminal.stream.receive(10, bytesOf("cd"));
	terminal.stream.receive(2, bytesOf("cd"));
	terminal.parse();
	assert.equal(terminal.faults, 1);
	assert.equal(terminal.screen, "ab");
	assert.equal(terminal.stream.resumeFrom, 2);
	terminal.attach(2);
	terminal.stream.receive(2, bytesOf("cd"));
	terminal.parse();
	assert.equal(terminal.screen, "abcd");
});

test("an attachment that would leave bytes out is not taken, and the next one begins anew", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("ab"));
	terminal.parse();
	assert.equal(terminal.attach(100), false);
	assert.equal(terminal.stream.resumeFrom, null);
	assert.ok(terminal.attach(0));
	terminal.stream.receive(0, bytesOf("abcd"));
	terminal.parse();
	assert.equal(terminal.screen, "abcd", "what was there is cleared away");
});

test("what comes before the answer to an attachment belongs to the one before, and is not drawn", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("ab"));
	terminal.parse();
	terminal.stream.expect();
	terminal.stream.receive(2, bytesOf("late"));
	terminal.attach(2);
	terminal.stream.receive(2, bytesOf("cd"));
	terminal.parse();
	assert.equal(terminal.screen, "abcd");
});

test("a fresh page with a snapshot is reset first, and cannot resume from within it", () => {
	const terminal = new SlowTerminal();
	assert.equal(terminal.stream.resumeFrom, null);
	terminal.attach(5_000, { snapshotEnd: 5_004, replayEnd: 5_006 });
	terminal.stream.receive(5_000, bytesOf("draw"));
	terminal.stream.receive(5_004, bytesOf("oldnew"));
	terminal.parse(1);
	assert.equal(terminal.resets, 1);
	assert.ok(terminal.stream.isReplaying);
	assert.equal(terminal.stream.resumeFrom, null, "nothing of the snapshot is parsed");
	terminal.parse(1);
	assert.equal(terminal.stream.resumeFrom, 5_004);
	terminal.parse();
	assert.equal(terminal.replayed, "drawol");
	assert.equal(terminal.stream.resumeFrom, 5_010);
});

test("after an overrun the snapshot's offsets may lie below what was parsed, and the terminal begins anew", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("x".repeat(500)));
	terminal.parse(0);
	terminal.stream.expect();
	terminal.attach(300, { snapshotEnd: 900, replayEnd: 900 });
	for (let at = 300; at < 900; at += 100) terminal.stream.receive(at, bytesOf("s".repeat(100)));
	terminal.stream.receive(900, bytesOf("live"));
	terminal.parse();
	assert.equal(terminal.screen, `${"s".repeat(600)}live`);
	assert.equal(terminal.stream.resumeFrom, 904);
});

test("a snapshot that was cut off is begun anew, also where the next attachment needs none", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0, { snapshotEnd: 10, replayEnd: 10 });
	terminal.stream.receive(0, bytesOf("half"));
	terminal.parse();
	terminal.stream.pause();
	assert.equal(terminal.stream.resumeFrom, null);
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("all"));
	terminal.parse();
	assert.equal(terminal.screen, "all");
});

test("what was there at the attachment is a replay, what comes later is not, also within one message", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0, { replayEnd: 3 });
	terminal.stream.receive(0, bytesOf("oldnew"));
	terminal.parse();
	assert.equal(terminal.replayed, "old");
	assert.equal(terminal.screen, "oldnew");
});

test("each byte is drawn at the size that the terminal had when it was printed, also within one message", () => {
	const terminal = new SlowTerminal();
	const sizes = [
		{ offset: 0, cols: 80, rows: 24 },
		{ offset: 2, cols: 100, rows: 30 },
		{ offset: 4, cols: 90, rows: 30 },
		{ offset: 4, cols: 120, rows: 30 },
	];
	terminal.attach(0, { sizes, replayEnd: 4 });
	terminal.stream.receive(0, bytesOf("aabbccdd"));
	terminal.stream.resized({ offset: 6, cols: 60, rows: 20 });
	terminal.parse();
	assert.deepEqual(terminal.widths, { 80: "aa", 100: "bb", 120: "cc", 60: "dd" });
	assert.deepEqual(terminal.stream.newestSize, { offset: 6, cols: 60, rows: 20 });
});

test("a size for output that is on the screen is taken at once, old news are not", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("aa"));
	terminal.parse();
	terminal.stream.resized({ offset: 2, cols: 100, rows: 30 });
	terminal.stream.resized({ offset: 0, ...SIZE });
	terminal.stream.receive(2, bytesOf("bb"));
	terminal.parse();
	assert.deepEqual(terminal.widths, { 80: "aa", 100: "bb" });
});

test("news of a size that overtook the answer to the attachment are kept, and those from before are not", () => {
	const terminal = new SlowTerminal();
	terminal.stream.resized({ offset: 0, cols: 50, rows: 10 });
	terminal.stream.expect();
	terminal.stream.resized({ offset: 4, cols: 100, rows: 30 });
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("aaaabbbb"));
	terminal.parse();
	assert.deepEqual(terminal.widths, { 80: "aaaa", 100: "bbbb" });
});

test("a few keys are not acknowledged, what adds up is once the terminal has parsed it", () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	const message = new Uint8Array(OUTPUT_TAIL_BYTES / 4);
	for (let index = 0; index < 3; index += 1) {
		terminal.stream.receive(index * message.length, message);
		terminal.parse();
	}
	assert.deepEqual(terminal.acknowledged, []);
	terminal.stream.receive(3 * message.length, message);
	assert.deepEqual(terminal.acknowledged, []);
	terminal.parse();
	assert.deepEqual(terminal.acknowledged, [OUTPUT_TAIL_BYTES]);
});

test("a flood is acknowledged about every 64 KiB, not with each message", () => {
	const terminal = new SlowTerminal();
	const message = new Uint8Array(OUTPUT_ACK_BYTES / 8);
	terminal.attach(0);
	for (let index = 0; index < 32; index += 1) terminal.stream.receive(index * message.length, message);
	terminal.parse();
	assert.deepEqual(
		terminal.acknowledged,
		[1, 2, 3, 4].map((times) => times * OUTPUT_ACK_BYTES),
	);
});

test("whoever waits for output to be on the screen is told when it is", async () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	await terminal.stream.untilParsed(0);
	const waiting = terminal.stream.untilParsed(4);
	terminal.stream.receive(0, bytesOf("done"));
	terminal.parse();
	await waiting;
	assert.equal(terminal.screen, "done");
});

test("a restart forgets what was under way, and frees whoever waits for it", async () => {
	const terminal = new SlowTerminal();
	terminal.attach(0);
	terminal.stream.receive(0, bytesOf("old session"));
	const waiting = terminal.stream.untilParsed();
	terminal.stream.restart();
	await waiting;
	terminal.parse();
	terminal.attach(0);
	assert.equal(terminal.stream.resumeFrom, 0);
	assert.deepEqual(terminal.acknowledged, []);
});

const OUTPUT = Array.from({ length: 400 }, (_, index) => String.fromCharCode(97 + (index % 26))).join("");
const SIZES = [0, 50, 120, 121, 260].map((offset, index) => ({ offset, cols: 80 + index, rows: 24 }));
/** What a snapshot consists of in this test: it draws nothing that could be taken for output. */
const BLANK = ".";

/** The session as the agent keeps it: what is older than `kept` bytes can only be had as a snapshot. */
function entryFor(from: number | null, now: number, kept: number): OutputEntry {
	const start = Math.max(0, now - kept);
	const isResumed = from !== null && from >= start;
	const snapshotEnd = isResumed || start === 0 ? null : start;
	const begin = isResumed ? from : Math.floor(start / 2);
	const at = snapshotEnd ?? begin;
	const first = SIZES.findLast(({ offset }) => offset <= at) ?? SIZE;
	const later = SIZES.filter(({ offset }) => offset > at && offset <= now);
	return { from: begin, snapshotEnd, replayEnd: now, sizes: [{ ...first, offset: begin }, ...later] };
}

/** Sends one attachment's output up to `end` in small messages, and sizes as soon as they are known. */
function deliver({ stream }: SlowTerminal, { from, replayEnd, snapshotEnd }: OutputEntry, end: number): void {
	const blank = snapshotEnd ?? 0;
	const sent = BLANK.repeat(blank) + OUTPUT.slice(blank, end);
	for (let at = from; at < end; at += 7) {
		for (const size of SIZES) if (size.offset > replayEnd && size.offset <= at + 7) stream.resized(size);
		stream.receive(at, bytesOf(sent.slice(at, at + 7)));
	}
}

function checkScreen({ faults, screen, widths }: SlowTerminal, since: number): void {
	assert.equal(screen.replaceAll(BLANK, ""), OUTPUT.slice(since));
	SIZES.forEach(({ cols, offset }, index) => {
		const until = SIZES[index + 1]?.offset ?? OUTPUT.length;
		const expected = OUTPUT.slice(Math.max(offset, since), Math.max(until, since));
		assert.equal((widths[cols] ?? "").replaceAll(BLANK, ""), expected, `${cols} columns`);
	});
	assert.equal(faults, 0);
}

test("however often the connection breaks, the screen shows each byte once, at the size it was printed for", () => {
	const attempt = fc.record({ sent: fc.nat(120), parsed: fc.nat(6), kept: fc.integer({ min: 30, max: 400 }) });
	const last = { sent: OUTPUT.length, parsed: 0, kept: OUTPUT.length };
	fc.assert(
		fc.property(fc.array(attempt, { maxLength: 20 }), (attempts) => {
			const terminal = new SlowTerminal();
			let now = 0;
			let since = 0;
			for (const { sent, parsed, kept } of [...attempts, last]) {
				terminal.stream.expect();
				const { resumeFrom } = terminal.stream;
				const entry = entryFor(resumeFrom, now, kept);
				if (resumeFrom === null || entry.snapshotEnd !== null) since = entry.snapshotEnd ?? entry.from;
				assert.ok(terminal.stream.attach(entry));
				now = Math.min(now + sent, OUTPUT.length);
				deliver(terminal, entry, now);
				terminal.parse(parsed);
			}
			terminal.parse();
			checkScreen(terminal, since);
		}),
	);
});
