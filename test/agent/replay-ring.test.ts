import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReplayRing } from "../../container-image/agent/replay-ring.ts";

function readAll(ring: ReplayRing, from = ring.start): Buffer {
	const pieces: Buffer[] = [];
	for (let at = from; at < ring.end; ) {
		const piece = Buffer.from(ring.read(at, 1000));
		assert.ok(piece.length > 0, "a read within the ring returns something");
		pieces.push(piece);
		at += piece.length;
	}
	return Buffer.concat(pieces);
}

test("the ring holds the newest bytes and knows their offsets, whatever the chunks", () => {
	const chunks = fc.array(fc.uint8Array({ maxLength: 20_000 }), { maxLength: 30 });
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 40_000 }), chunks, (capacity, written) => {
			const ring = new ReplayRing(capacity);
			let model = Buffer.alloc(0);
			for (const chunk of written) {
				ring.append(Buffer.from(chunk));
				model = Buffer.concat([model, chunk]);
				assert.equal(ring.end, model.length);
				assert.equal(ring.start, Math.max(0, model.length - capacity));
				assert.deepEqual(readAll(ring), model.subarray(ring.start));
			}
		}),
		{ numRuns: 50 },
	);
});

test("a ring that forgets keeps what lies behind, and fills again up to its capacity", () => {
	const byte = fc.uint8Array({ minLength: 1, maxLength: 9_000 });
	fc.assert(
		fc.property(byte, fc.integer({ min: 0, max: 12_000 }), byte, (before, until, after) => {
			const ring = new ReplayRing(6_000);
			ring.append(Buffer.from(before));
			const start = Math.min(Math.max(ring.start, until), before.length);
			ring.forget(until);
			assert.equal(ring.start, start);
			assert.equal(ring.size, Math.max(1, before.length - start));
			assert.deepEqual(readAll(ring), Buffer.from(before).subarray(start));
			ring.append(Buffer.from(after));
			assert.deepEqual(readAll(ring), Buffer.concat([before, after]).subarray(ring.start));
			assert.ok(ring.end - ring.start <= 6_000);
		}),
	);
});

test("any part of the ring can be copied, also around its edge", () => {
	const ring = new ReplayRing(5_000);
	const model = Buffer.from(Array.from({ length: 12_345 }, (_, i) => i % 251));
	ring.append(model);
	assert.deepEqual(ring.copy(ring.start, ring.end), model.subarray(-5_000));
	assert.deepEqual(ring.copy(9_000, 11_000), model.subarray(9_000, 11_000));
});

test("a ring of a session that says little costs little memory", () => {
	const ring = new ReplayRing(64 * 1024 * 1024);
	ring.append(Buffer.from("hello\n"));
	assert.equal(ring.size, 4 * 1024);
	for (let i = 0; i < 100; i += 1) ring.append(Buffer.alloc(1000, 97));
	assert.equal(ring.size, 128 * 1024);
});

test("reading what is not in the ring is refused", () => {
	const ring = new ReplayRing(10);
	ring.append(Buffer.from("0123456789abc"));
	assert.throws(() => ring.read(2, 1), RangeError);
	assert.throws(() => ring.read(14, 1), RangeError);
	assert.equal(ring.read(13, 1).length, 0);
});
