import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OUTPUT_ACK_BYTES } from "../../server/protocol/limits.ts";
import { OutputStream } from "../../web/container-terminal/output-stream.ts";

/** A terminal that parses when it is told to, as xterm.js does later than it is written to. */
class SlowTerminal {
	screen = "";
	readonly gaps: number[] = [];
	readonly acknowledged: number[] = [];
	/** What was parsed as a replay. */
	replayed = "";
	readonly stream: OutputStream;
	#unparsed: { bytes: Uint8Array; onParsed: () => void }[] = [];

	constructor() {
		this.stream = new OutputStream({
			write: (bytes, onParsed) => this.#unparsed.push({ bytes, onParsed }),
			onGap: (missing) => this.gaps.push(missing),
			acknowledge: (offset) => this.acknowledged.push(offset),
		});
	}

	parse(writes = this.#unparsed.length): void {
		for (const { bytes, onParsed } of this.#unparsed.splice(0, writes)) {
			const text = new TextDecoder().decode(bytes);
			this.screen += text;
			if (this.stream.isReplaying) this.replayed += text;
			onParsed();
		}
	}
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test("output appears once and in order, and is acknowledged when the terminal has parsed it", () => {
	const terminal = new SlowTerminal();
	terminal.stream.attach(0, 0);
	terminal.stream.receive(0, bytesOf("hello "));
	terminal.stream.receive(6, bytesOf("world"));
	assert.equal(terminal.stream.resumeFrom, 0, "nothing is parsed yet");
	terminal.parse();
	assert.equal(terminal.screen, "hello world");
	assert.equal(terminal.stream.resumeFrom, 11);
	assert.deepEqual(terminal.acknowledged, [11], "once, when dry");
});

test("bytes that come twice are left out", () => {
	const terminal = new SlowTerminal();
	terminal.stream.attach(0, 0);
	terminal.stream.receive(0, bytesOf("abcdef"));
	terminal.stream.receive(0, bytesOf("abc"));
	terminal.stream.receive(4, bytesOf("efgh"));
	terminal.parse();
	assert.equal(terminal.screen, "abcdefgh");
	assert.deepEqual(terminal.gaps, []);
});

test("missing bytes are noticed, in the stream and at a new attachment", () => {
	const terminal = new SlowTerminal();
	terminal.stream.attach(0, 0);
	terminal.stream.receive(0, bytesOf("ab"));
	terminal.stream.receive(10, bytesOf("cd"));
	terminal.parse();
	terminal.stream.attach(100, 100);
	assert.deepEqual(terminal.gaps, [8, 88]);
	assert.equal(terminal.stream.resumeFrom, 100);
});

test("a fresh page begins in the middle without missing anything", () => {
	const terminal = new SlowTerminal();
	assert.equal(terminal.stream.resumeFrom, null);
	terminal.stream.attach(5_000, 5_003);
	terminal.stream.receive(5_000, bytesOf("abc"));
	terminal.parse();
	assert.deepEqual(terminal.gaps, []);
	assert.equal(terminal.stream.resumeFrom, 5_003);
});

test("what was there at the attachment is a replay, what comes later is not, also within one message", () => {
	const terminal = new SlowTerminal();
	terminal.stream.attach(0, 3);
	terminal.stream.receive(0, bytesOf("oldnew"));
	terminal.parse();
	assert.equal(terminal.replayed, "old");
	assert.equal(terminal.screen, "oldnew");
});

test("a flood is acknowledged about every 64 KiB, not with each message", () => {
	const terminal = new SlowTerminal();
	const message = new Uint8Array(OUTPUT_ACK_BYTES / 8);
	terminal.stream.attach(0, 0);
	for (let index = 0; index < 32; index += 1) terminal.stream.receive(index * message.length, message);
	terminal.parse();
	assert.deepEqual(
		terminal.acknowledged,
		[1, 2, 3, 4].map((times) => times * OUTPUT_ACK_BYTES),
	);
});

test("whoever waits for output to be on the screen is told when it is", async () => {
	const terminal = new SlowTerminal();
	terminal.stream.attach(0, 0);
	await terminal.stream.untilParsed(0);
	const waiting = terminal.stream.untilParsed(4);
	terminal.stream.receive(0, bytesOf("done"));
	terminal.parse();
	await waiting;
	assert.equal(terminal.screen, "done");
});

test("a restart forgets what was under way, and frees whoever waits for it", async () => {
	const terminal = new SlowTerminal();
	terminal.stream.attach(0, 0);
	terminal.stream.receive(0, bytesOf("old session"));
	const waiting = terminal.stream.untilParsed();
	terminal.stream.restart();
	await waiting;
	terminal.stream.attach(0, 0);
	terminal.parse();
	assert.equal(terminal.stream.resumeFrom, 0);
	assert.deepEqual(terminal.acknowledged, []);
});

test("however often the connection breaks, the screen shows each byte once", () => {
	const output = Array.from({ length: 400 }, (_, index) => String.fromCharCode(97 + (index % 26))).join("");
	const breaks = fc.array(fc.record({ sent: fc.nat(120), parsed: fc.nat(4), repeated: fc.nat(10) }), { maxLength: 20 });
	fc.assert(
		fc.property(breaks, (attempts) => {
			const terminal = new SlowTerminal();
			for (const { sent, parsed, repeated } of [...attempts, { sent: output.length, parsed: 0, repeated: 0 }]) {
				const from = Math.max(0, (terminal.stream.resumeFrom ?? 0) - repeated);
				terminal.stream.attach(from, from);
				for (let at = from; at < Math.min(from + sent, output.length); at += 7) {
					terminal.stream.receive(at, bytesOf(output.slice(at, Math.min(at + 7, from + sent))));
				}
				terminal.parse(parsed);
			}
			terminal.parse();
			assert.equal(terminal.screen, output);
			assert.deepEqual(terminal.gaps, []);
		}),
	);
});
