import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOfKey, withModifiers } from "../../web/container-terminal/key-bytes.ts";

const NONE = { ctrl: false, alt: false };
const CTRL = { ctrl: true, alt: false };
const ALT = { ctrl: false, alt: true };
const BOTH = { ctrl: true, alt: true };

test("Ctrl makes control characters of letters, great and small, and of the few others that have one", () => {
	assert.equal(withModifiers("c", CTRL), "\x03");
	assert.equal(withModifiers("C", CTRL), "\x03");
	assert.equal(withModifiers("[", CTRL), "\x1b");
	assert.equal(withModifiers(" ", CTRL), "\x00");
	assert.equal(withModifiers("?", CTRL), "\x7f");
	assert.equal(withModifiers("/", CTRL), "\x1f");
});

test("a character without a control form stays as it is", () => {
	assert.equal(withModifiers("ż", CTRL), "ż");
	assert.equal(withModifiers("1", CTRL), "1");
	assert.equal(withModifiers("\x7f", CTRL), "\x7f");
});

test("Alt puts an escape before the character, with Ctrl too", () => {
	assert.equal(withModifiers("b", ALT), "\x1bb");
	assert.equal(withModifiers("b", BOTH), "\x1b\x02");
});

test("cursor keys have the form that the program asked for, and a third with modifiers", () => {
	assert.equal(bytesOfKey({ cursor: "A" }, NONE, false), "\x1b[A");
	assert.equal(bytesOfKey({ cursor: "A" }, NONE, true), "\x1bOA");
	assert.equal(bytesOfKey({ cursor: "D" }, CTRL, true), "\x1b[1;5D");
	assert.equal(bytesOfKey({ cursor: "C" }, ALT, false), "\x1b[1;3C");
	assert.equal(bytesOfKey({ cursor: "C" }, BOTH, false), "\x1b[1;7C");
});

test("numbered keys carry their modifiers, and text its own", () => {
	assert.equal(bytesOfKey({ number: 5 }, NONE, true), "\x1b[5~");
	assert.equal(bytesOfKey({ number: 6 }, CTRL, false), "\x1b[6;5~");
	assert.equal(bytesOfKey({ text: "\t" }, NONE, false), "\t");
});
