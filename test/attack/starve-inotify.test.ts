import assert from "node:assert/strict";
import { test } from "node:test";
import { Neighbours } from "./neighbours.ts";

test("who takes all watches for changed files that there are leaves others theirs", async () => {
	await using all = await Neighbours.gather(1);
	const [stranger] = all.strangers;
	stranger?.begin(
		"python3 -c 'import ctypes, time; c = ctypes.CDLL(None); n = 0\nwhile c.inotify_init() >= 0: n += 1\nprint(n, \"taken\", flush=True); time.sleep(60)'",
	);
	await stranger?.untilPrinted("taken");
	const attempt = "python3 -c 'import ctypes; print(ctypes.CDLL(None).inotify_init() >= 0)'";
	assert.equal(await all.victim.run(attempt), "True");
	await all.assertUndisturbed();
});
