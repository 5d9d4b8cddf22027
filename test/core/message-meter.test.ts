import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageMeter } from "../../server/sockets/message-meter.ts";

/** Takes messages of so many bytes until the meter says to pause; returns how many went before, and for how long, ms. */
function takeAll(meter: MessageMeter, bytes: number): { taken: number; pauseMs: number } {
	for (let taken = 0; ; taken += 1) {
		const pauseMs = meter.take(bytes);
		if (pauseMs > 0) return { taken, pauseMs };
	}
}

test("a burst passes at once, and what comes behind it waits", () => {
	const meter = new MessageMeter(() => 0);
	assert.deepEqual(takeAll(meter, 0), { taken: 10_000, pauseMs: 20 });
});

test("bytes count beside messages", () => {
	const meter = new MessageMeter(() => 0);
	assert.equal(takeAll(meter, 16 * 1024).taken, 1024);
});

test("who waits as told may go on, and who was quiet for long has no more than two bursts", () => {
	let now = 0;
	const meter = new MessageMeter(() => now);
	const { pauseMs } = takeAll(meter, 0);
	now += pauseMs;
	assert.equal(meter.take(0), 0);
	now += 3_600_000;
	const { taken } = takeAll(meter, 0);
	assert.ok(taken >= 10_000 && taken <= 20_000, String(taken));
});

test("what was read although nothing should be is waited for", () => {
	const meter = new MessageMeter(() => 0);
	assert.equal(meter.take(0, 20_000), 1000);
});

test("a page may type, and acknowledge a flood of 40 MB/s, for ever without a pause", () => {
	let now = 0;
	const meter = new MessageMeter(() => now);
	// One acknowledgement for each 16 KiB, a fast mouse, and a paste that fills the window each 10 ms, for a minute.
	for (; now < 60_000; now += 10) {
		for (let count = 0; count < 25; count += 1) assert.equal(meter.take(40), 0);
		for (let count = 0; count < 10; count += 1) assert.equal(meter.take(30), 0);
		for (let count = 0; count < 4; count += 1) assert.equal(meter.take(16 * 1024), 0);
	}
});
