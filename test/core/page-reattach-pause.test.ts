import assert from "node:assert/strict";
import { test } from "node:test";
import { ReattachPause } from "../../web/container-terminal/reattach-pause.ts";

test("a page that is let go of attaches again at once, and waits longer each time that it does not last", () => {
	const pause = new ReattachPause();
	pause.attached(0);
	assert.equal(pause.detached(60_000), 0);
	pause.attached(60_000);
	const first = pause.detached(60_500);
	assert.ok(first >= 100 && first <= 500, `${first} ms`);
	pause.attached(61_000);
	const second = pause.detached(61_100);
	assert.ok(second >= 250 && second <= 1_000, `${second} ms`);
	pause.attached(62_000);
	assert.equal(pause.detached(70_000), 0, "this one lasted");
});
