import assert from "node:assert/strict";
import { test } from "node:test";
import { Pen } from "../../container-image/agent/screen/pen.ts";

function after(...sequences: string[]): Pen {
	const pen = new Pen();
	for (const sequence of sequences) pen.apply(sequence);
	return pen;
}

const codesOf = (pen: Pen) =>
	pen
		.toSequences()
		.split("\x1b[")
		.slice(2)
		.map((code) => code.slice(0, -1));

test("of each property the last word counts", () => {
	assert.deepEqual(codesOf(after("31", "1", "32;44", "4:3")), ["32", "1", "44", "4:3"]);
	assert.deepEqual(codesOf(after("38;5;200;1", "48;2;1;2;3", "58;5;9")), ["38;5;200", "1", "48;2;1;2;3", "58;5;9"]);
	assert.deepEqual(codesOf(after("1;2;3;4;5;7;8;9;53;91;101", "22;23;24;25;27;28;29;55;39;49")), []);
	assert.deepEqual(codesOf(after("4:3", "4:0", "21")), ["21"]);
});

test("a reset clears everything, alone, in a list and written as nothing", () => {
	for (const reset of ["", "0", "00", "1;0", "1;"]) assert.deepEqual(codesOf(after("31;1", reset)), []);
	assert.deepEqual(codesOf(after("31", "0;1")), ["1"]);
});

test("what it does not know makes it uncertain until the next reset", () => {
	for (const odd of ["38;5", "38;2;1;2", "38;9;1", "99", "4:9", "38:2::1:2:3"]) {
		assert.equal(after("31", odd).isKnown, false, odd);
		assert.equal(after("31", odd, "0").isKnown, true, odd);
	}
	const pen = after("31");
	pen.forget();
	assert.equal(pen.isKnown, false);
	assert.equal(new Pen(pen).isKnown, false);
});

test("a copy has a life of its own, and many different colours take no memory", () => {
	const pen = after("31");
	const copy = new Pen(pen);
	for (let i = 0; i < 5_000; i += 1) pen.apply(`38;2;${i % 256};${i >> 8};0`);
	assert.deepEqual(codesOf(copy), ["31"]);
	assert.equal(codesOf(pen).length, 1);
	assert.equal(pen.isKnown, true);
});
