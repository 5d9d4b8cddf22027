import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { FlowGate, OutputWindow } from "../../container-image/agent/output-window.ts";

const LIMIT = 1000;

test("bytes in flight never exceed the window and come back with credits", () => {
	const step = fc.oneof(
		fc.record({ kind: fc.constant("send" as const), bytes: fc.nat(400) }),
		fc.record({ kind: fc.constant("credit" as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
	);
	fc.assert(
		fc.property(fc.nat(10_000), fc.array(step, { maxLength: 60 }), (from, steps) => {
			const window = new OutputWindow(from, LIMIT);
			/** Offsets of the bytes sent and not credited: the simplest model there is. */
			let flying: number[] = [];
			let credited = from;
			for (const each of steps) {
				if (each.kind === "send") {
					const bytes = Math.min(each.bytes, window.room);
					for (let i = 0; i < bytes; i += 1) flying.push(window.position + i);
					window.advance(bytes);
				} else {
					const offset = Math.floor(from + (window.position - from) * each.share);
					assert.equal(window.credit(offset), true);
					credited = Math.max(credited, offset);
					flying = flying.filter((sent) => sent >= credited);
				}
				assert.equal(window.inFlight, flying.length);
				assert.ok(window.inFlight <= LIMIT);
			}
			window.credit(window.position);
			assert.equal(window.room, LIMIT);
		}),
	);
});

test("a credit for what was not sent is refused, one that goes back changes nothing", () => {
	const window = new OutputWindow(100, LIMIT);
	window.advance(50);
	assert.equal(window.credit(151), false);
	assert.equal(window.credit(140), true);
	assert.equal(window.credit(0), true);
	assert.equal(window.inFlight, 10);
});

test("lag counts what was not parsed, sent or not", () => {
	const window = new OutputWindow(0, LIMIT);
	window.advance(300);
	window.credit(100);
	assert.equal(window.lag(1000), 900);
});

test("the fastest reader decides whether the terminal is read", () => {
	const gate = new FlowGate({ window: 1000, ring: 100_000 });
	assert.equal(gate.isOpenFor([999, 5000]), true);
	assert.equal(gate.isOpenFor([1000, 5000]), false);
	assert.equal(gate.isOpenFor([501, 5000]), false, "above the low watermark it stays as it is");
	assert.equal(gate.isOpenFor([500, 5000]), true);
	assert.equal(gate.isOpenFor([999, 5000]), true, "below the high watermark it stays as it is");
	assert.equal(gate.isOpenFor([2000]), false);
	assert.equal(gate.isOpenFor([]), true, "with no reader nothing waits");
});

test("a small ring closes the gate before it could overwrite what the fastest reader still needs", () => {
	assert.equal(new FlowGate({ window: 512 * 1024, ring: 64 * 1024 }).highWater, 32 * 1024);
});
