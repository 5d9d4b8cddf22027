import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("nobody signals another's processes, the agent or its launcher", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory } = all;
	const pid = await ada.run("echo $$");
	const output = await mallory.run(`/bin/kill -9 ${pid}; kill -9 ${pid}; kill -9 1; kill -9 -${pid}; echo end`);
	assert.match(output, /^(.*(not permitted|No such process)\n){4}end$/);
	// All that can be signalled at once: the attacker's own.
	await mallory.run(
		"trap '' USR1; kill -USR1 -1; trap - USR1; for pid in $(seq 1 60); do [ $pid = $$ ] || kill -9 $pid; done 2>/dev/null; true",
	);
	assert.equal(await ada.run("echo unharmed"), "unharmed");
	for (const attempt of [
		`renice -n 19 -p ${pid}`,
		`prlimit --pid ${pid} --cpu=1`,
		`taskset -p 1 ${pid}`,
		"ionice -c 1 true",
	]) {
		assert.match(await mallory.run(attempt), /not permitted|denied|No such process|failed/i, attempt);
	}
});
