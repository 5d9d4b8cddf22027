import assert from "node:assert/strict";
import { test } from "node:test";
import { noteText, pasteable } from "../../web/container-terminal/terminal-text.ts";

test("what is pasted cannot end its own brackets, nor press keys", () => {
	assert.equal(pasteable("safe\x1b[201~\rrm -r ~\r"), "safe[201~\rrm -r ~\r");
	assert.equal(pasteable("a\x03b\x9b201~c\x7f"), "ab201~c");
});

test("tabs, line ends and letters of all languages are pasted as they are", () => {
	const text = "if x:\r\n\tprint('żółć 你好 🚢')\n";
	assert.equal(pasteable(text), text);
});

test("a note leaves the full screen, and mouse and paste modes, of a program that was killed", () => {
	const note = noteText("ended by SIGKILL");
	assert.match(note, /\[\?1049l/);
	assert.match(note, /1006;2004l/);
	assert.match(note, /\[ended by SIGKILL\]/);
});
