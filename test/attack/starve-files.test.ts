import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("a program that opens files without end reaches its own bound, and nobody else's", async () => {
	await using all = await Neighbours.gather(1);
	const [stranger] = all.strangers;
	stranger?.begin(
		"python3 -c 'import time; a = []\nwhile 1:\n try: a.append(open(\"/etc/motd\"))\n except OSError as e: print(len(a), e, flush=True); time.sleep(60)'",
	);
	await stranger?.untilPrinted("Too many open files");
	await all.assertUndisturbed();
	assert.match(await all.victim.run("cat /etc/motd"), /Berth/);
	await all.assertHealthy();
});
