import assert from "node:assert/strict";
import { test } from "node:test";
import { actionOf } from "../../web/container-terminal/shortcuts.ts";

type Keys = Parameters<typeof actionOf>[0];

function pressed(key: string, code: string, modifiers: Partial<Keys> = {}): Keys {
	return { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, key, code, ...modifiers };
}

test("no key that shells and editors use is taken", () => {
	const letters = "abcdefghijklmnopqrstuvwxyz".split("");
	for (const letter of letters) {
		const code = `Key${letter.toUpperCase()}`;
		assert.equal(actionOf(pressed(letter, code)), null, letter);
		assert.equal(actionOf(pressed(letter, code, { ctrlKey: true })), null, `Ctrl ${letter}`);
		assert.equal(actionOf(pressed(letter, code, { altKey: true })), null, `Alt ${letter}`);
	}
	assert.equal(actionOf(pressed("_", "Minus", { ctrlKey: true, shiftKey: true })), null, "Ctrl _ undoes");
	assert.equal(actionOf(pressed("/", "Slash", { ctrlKey: true })), null, "Ctrl / undoes");
	assert.equal(actionOf(pressed("ArrowLeft", "ArrowLeft", { ctrlKey: true })), null, "Ctrl ← goes back a word");
	for (const key of ["F1", "F2", "F10", "Escape", "Tab", "Enter"]) assert.equal(actionOf(pressed(key, key)), null, key);
});

test("the page's own keys work, whatever letters the keyboard has on them", () => {
	assert.equal(actionOf(pressed("C", "KeyC", { ctrlKey: true, shiftKey: true })), "copy");
	assert.equal(actionOf(pressed("С", "KeyC", { ctrlKey: true, shiftKey: true })), "copy", "a Cyrillic letter");
	assert.equal(actionOf(pressed("V", "KeyV", { ctrlKey: true, shiftKey: true })), "paste");
	assert.equal(actionOf(pressed("+", "Equal", { ctrlKey: true, shiftKey: true })), "larger");
	assert.equal(actionOf(pressed("0", "Digit0", { metaKey: true })), "usual-size");
	assert.equal(actionOf(pressed("T", "KeyT", { altKey: true, shiftKey: true })), "new-tab");
});
