import assert from "node:assert/strict";
import { test } from "node:test";
import xterm from "@xterm/headless";
import { noteText, pasteable, resetBytes } from "../../web/container-terminal/terminal-text.ts";

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

test("a reset clears all, also in the middle of a character, of a sequence and of a title", async () => {
	const afterwards = async (cutShort: string | Uint8Array): Promise<string> => {
		const terminal = new xterm.Terminal({ allowProposedApi: true, cols: 20, rows: 3 });
		const titles: string[] = [];
		terminal.onTitleChange((title) => titles.push(title));
		for (const output of ["1\n2\n3\n4\n5", "\x1b]2;vim\x07\x1b[?1049h\x1b[31mred", cutShort, resetBytes(), "clean"]) {
			await new Promise<void>((resolve) => terminal.write(output, resolve));
		}
		const { active } = terminal.buffer;
		const rows = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true));
		return [active.type, ...rows, `title: ${titles.at(-1)}`, `${titles.length} titles`].join("|");
	};
	const clean = "normal|clean|||title: |2 titles";
	for (const cutShort of ["", "\x1b[3", "\x1b]2;half a tit", "\x1bP$q", Uint8Array.of(0xe2, 0x82)]) {
		assert.equal(await afterwards(cutShort), clean);
	}
});
