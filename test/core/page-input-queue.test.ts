import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { INPUT_WINDOW_BYTES, MAX_INPUT_BYTES } from "../../server/protocol/limits.ts";
import { InputQueue, MAX_QUEUED_BYTES } from "../../web/container-terminal/input-queue.ts";

type Sent = { seq: number; bytes: Uint8Array };

function newQueue(): { queue: InputQueue; sent: Sent[] } {
	const sent: Sent[] = [];
	return { queue: new InputQueue((seq, bytes) => sent.push({ seq, bytes })), sent };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (sent: readonly Sent[]): string[] =>
	sent.map(({ seq, bytes }) => `${seq}:${new TextDecoder().decode(bytes)}`);

test("input is numbered by byte, and waits until there is an attachment", () => {
	const { queue, sent } = newQueue();
	queue.push(bytesOf("ls"));
	assert.deepEqual(sent, []);
	queue.restartFrom(0);
	queue.push(bytesOf("ż"));
	queue.push(bytesOf("\r"));
	assert.deepEqual(textOf(sent), ["0:ls", "2:ż", "4:\r"]);
});

test("a long paste goes in pieces, never more of it than the window unacknowledged", () => {
	const { queue, sent } = newQueue();
	queue.restartFrom(0);
	assert.ok(queue.push(new Uint8Array(1024 * 1024)));
	const inFlight = sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
	assert.equal(inFlight, INPUT_WINDOW_BYTES);
	assert.ok(sent.every(({ bytes }) => bytes.length <= MAX_INPUT_BYTES));
	queue.acknowledge(MAX_INPUT_BYTES);
	assert.equal(sent.length, INPUT_WINDOW_BYTES / MAX_INPUT_BYTES + 1, "what was acknowledged makes room");
});

test("a paste beyond what is kept is refused as a whole", () => {
	const { queue } = newQueue();
	assert.ok(queue.push(new Uint8Array(MAX_QUEUED_BYTES - 1)));
	assert.equal(queue.push(new Uint8Array(2)), false);
	assert.equal(queue.pendingBytes, MAX_QUEUED_BYTES - 1);
});

test("after a broken connection exactly what the agent lacks is sent again", () => {
	const { queue, sent } = newQueue();
	queue.restartFrom(0);
	queue.push(bytesOf("abc"));
	queue.push(bytesOf("def"));
	queue.pause();
	queue.push(bytesOf("g"));
	sent.length = 0;
	queue.restartFrom(4);
	assert.deepEqual(textOf(sent), ["4:ef", "6:g"]);
});

test("an agent that has forgotten the page counts anew from nothing", () => {
	const { queue, sent } = newQueue();
	queue.restartFrom(0);
	queue.push(bytesOf("abc"));
	queue.acknowledge(3);
	queue.pause();
	queue.push(bytesOf("d"));
	queue.restartFrom(0);
	assert.deepEqual(textOf(sent), ["0:abc", "0:d"]);
});

test("old and impossible acknowledgements change nothing", () => {
	const { queue, sent } = newQueue();
	queue.restartFrom(0);
	queue.push(bytesOf("abcd"));
	queue.acknowledge(3);
	queue.acknowledge(2);
	queue.acknowledge(99);
	assert.equal(queue.pendingBytes, 1);
	queue.resume();
	assert.equal(textOf(sent).at(-1), "3:d");
});

test("a refusal that is no news any more, because later input was taken, sends nothing under a wrong number", () => {
	const { queue, sent } = newQueue();
	queue.restartFrom(0);
	queue.push(bytesOf("ab"));
	queue.push(bytesOf("cd"));
	queue.pause();
	queue.acknowledge(0);
	queue.resume();
	queue.acknowledge(2);
	queue.pause();
	queue.acknowledge(0);
	sent.length = 0;
	queue.resume();
	assert.deepEqual(textOf(sent), ["2:cd"]);
});

test("what was typed for a session that is gone is not typed into the next", () => {
	const { queue, sent } = newQueue();
	queue.push(bytesOf("rm -r *"));
	queue.clear();
	queue.restartFrom(0);
	assert.deepEqual(sent, []);
	assert.equal(queue.pendingBytes, 0);
});

/** Takes what is in order, as the agent does. */
class Agent {
	accepted = "";

	receive({ seq, bytes }: Sent): void {
		if (seq > this.accepted.length) return;
		this.accepted += new TextDecoder().decode(bytes).slice(this.accepted.length - seq);
	}
}

test("however messages and acknowledgements are lost, the agent takes each byte once and in order", () => {
	const kinds = ["type", "deliver", "acknowledge", "break", "refuse"] as const;
	const step = fc.record({ kind: fc.constantFrom(...kinds), number: fc.nat(4) });
	fc.assert(
		fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
			const agent = new Agent();
			const { queue, sent } = newQueue();
			let typed = "";
			const does = {
				type: (number: number) => {
					const text = "abcdefgh".slice(0, number + 1);
					typed += text;
					queue.push(bytesOf(text));
				},
				deliver: (number: number) => {
					for (const message of sent.splice(0, number)) agent.receive(message);
				},
				acknowledge: (number: number) => queue.acknowledge(agent.accepted.length - number),
				break: () => {
					sent.length = 0;
					queue.pause();
					queue.restartFrom(agent.accepted.length);
				},
				refuse: (number: number) => {
					queue.pause();
					queue.acknowledge(agent.accepted.length - number);
					queue.resume();
				},
			};
			queue.restartFrom(0);
			for (const { kind, number } of steps) does[kind](number);
			for (const message of sent) agent.receive(message);
			assert.equal(agent.accepted, typed);
		}),
	);
});
