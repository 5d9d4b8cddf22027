import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("who makes files without end, of no size, has as much too much", async () => {
	await using all = await Neighbours.gather(1, { USER_DISK_LIMIT: "40m", USER_DISK_GRACE: "1h" });
	const [stranger] = all.strangers;
	stranger?.begin("mkdir ~/many; cd ~/many; seq 1 12000 | xargs touch; sleep 300");
	await stranger?.untilPrinted("delete some within");
	await all.assertUndisturbed();
});

test("who fills the disk is told, ended after a while, and can then look and delete but not write", async () => {
	await using all = await Neighbours.gather(1, { USER_DISK_LIMIT: "40m", USER_DISK_GRACE: "15s" });
	const [stranger] = all.strangers;
	assert.ok(stranger);
	stranger.begin("for n in $(seq 1 38); do head -c 1M /dev/zero > ~/$n; done; sleep 5");
	await stranger.untilPrinted("your files take");
	stranger.begin("head -c 100M /dev/zero > ~/more; sleep 300");
	await stranger.untilPrinted("delete some within 15 seconds");
	await all.assertUndisturbed();
	const { page, screen } = stranger;
	const sizes = await page.open();
	assert.match(
		await page.run(sizes, "echo x > ~/new; head -c 5 ~/more | wc -c; ls ~ | wc -l"),
		/File too large\n5\n40/,
	);
	await page.until(() => screen.text.includes("programs are ended"), "the end of the grace period");
	await page.run(sizes, "rm ~/more");
	await page.until(() => page.screens.get(sizes.sessionId)?.text.includes("there is room") === true, "room again");
	const again = await page.open();
	assert.equal(await page.run(again, "echo x > ~/new; cat ~/new"), "x");
	assert.equal(await all.victim.run("echo mine > ~/file; cat ~/file"), "mine");
	await all.assertHealthy();
});
