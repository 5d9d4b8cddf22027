import assert from "node:assert/strict";
import { test } from "node:test";
import { ClipboardManners, clipboardTextIn } from "../../web/container-terminal/clipboard-requests.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test("text for the clipboard is read as UTF-8, without what could press keys or look like other text", () => {
	assert.equal(clipboardTextIn(`c;${base64("grüße 🙂\n\ttwo")}`), "grüße 🙂\n\ttwo");
	assert.equal(clipboardTextIn(`;${base64("a\x1b[201~\x00b\u202e")}`), "a[201~b");
});

test("a question for what is on the clipboard, nothing, nonsense, and what nobody could read are no text", () => {
	for (const data of [
		"c;?",
		"?",
		"c;",
		"",
		"c;%%%",
		`c;${base64("x".repeat(300_000))}`,
		`c;${"A".repeat(9_000_000)}`,
	]) {
		assert.equal(clipboardTextIn(data), null, data.slice(0, 20));
	}
});

test("one question at a time is asked, and a session that got no may not ask again for a minute", () => {
	const manners = new ClipboardManners();
	const [one, other] = [{}, {}];
	assert.equal(manners.mayAsk(one, 0), true);
	assert.equal(manners.mayAsk(one, 1), false);
	assert.equal(manners.mayAsk(other, 1), false);
	manners.answered(one, false, 2);
	assert.equal(manners.mayAsk(one, 60_000), false);
	assert.equal(manners.mayAsk(other, 3), true);
	manners.answered(other, true, 4);
	assert.equal(manners.mayAsk(other, 5), true);
	manners.answered(other, true, 6);
	assert.equal(manners.mayAsk(one, 60_002), true);
});
