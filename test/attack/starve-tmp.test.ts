import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("who fills /tmp takes neither another's memory nor another's room", async () => {
	await using all = await Neighbours.gather(1);
	const [stranger] = all.strangers;
	assert.match(
		(await stranger?.run("cat /dev/zero > $TMPDIR/all; cat /dev/zero > /tmp/all; cat /dev/zero > /var/tmp/all")) ?? "",
		/No space left|Killed|too large/,
	);
	await all.assertUndisturbed();
	assert.equal(await all.victim.run("echo mine > $TMPDIR/one && cat $TMPDIR/one"), "mine");
	await all.assertHealthy();
});
