import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("a program that opens terminals without end leaves others theirs", async () => {
	await using all = await Neighbours.gather(1);
	const [stranger] = all.strangers;
	stranger?.begin(
		"python3 -c 'import pty, time; a = []\nwhile 1:\n try: a.append(pty.openpty())\n except OSError as e: print(len(a), e, flush=True); time.sleep(60)'",
	);
	await stranger?.untilPrinted("out of pty devices");
	await stranger?.untilPrinted("terminals together");
	await all.assertUndisturbed();
	const other = await all.victim.page.open();
	assert.equal(await all.victim.page.run(other, "echo opened"), "opened");
});
