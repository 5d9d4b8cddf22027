import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("nobody reads of another's processes what /proc knows: files, environment, memory, arguments", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory } = all;
	await ada.run("export SECRET=hidden; sleep 300 & sleep 0.1");
	const pid = await ada.run("pgrep -n sleep");
	for (const entry of [
		"cwd/",
		"root/",
		"fd/",
		"fdinfo/",
		"environ",
		"mem",
		"maps",
		"cmdline",
		"stack",
		"io",
		"status",
		"stat",
		"task/",
	]) {
		const output = await mallory.run(`cat /proc/${pid}/${entry} || ls /proc/${pid}/${entry}`);
		assert.match(output, /No such file|cannot access|Permission denied/, entry);
		assert.doesNotMatch(output, /hidden|sleep/, entry);
	}
	// The agent's and the container's first process, which are root's.
	assert.match(
		await mallory.run("cat /proc/1/environ; ls /proc/1"),
		/(No such file|cannot access).*(No such file|cannot access)/s,
	);
});

test("nobody traces another's process, nor the agent", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory } = all;
	await ada.run("sleep 300 & sleep 0.1");
	const pid = await ada.run("pgrep -n sleep");
	const trace = `python3 -c "
import ctypes
c = ctypes.CDLL(None, use_errno=True)
for pid in (1, ${pid}):
    print(c.ptrace(16, pid, 0, 0), c.process_vm_readv(pid, None, 0, None, 0, 0) if False else c.ptrace(0x4206, pid, 0, 0))
print(c.syscall(438, c.syscall(434, ${pid}, 0), 0, 0))
"`;
	assert.equal(await mallory.run(trace), "-1 -1\n-1 -1\n-1");
});
