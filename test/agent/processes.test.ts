import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { isProcHidden, weaknesses } from "../../container-image/agent/hardening.ts";
import {
	countProcesses,
	isAlive,
	listSessionProcesses,
	parseStat,
	readProcess,
} from "../../container-image/agent/processes.ts";

const STAT = "S 1 77 88 34816 99 4194304 1 0 0 0 0 0 0 0 20 0 1 0 123456 0 0";

test("a process may call itself anything without being mistaken for another", () => {
	const wanted = { pid: 7, parent: 1, session: 88, foreground: 99, startedAt: 123456 };
	for (const name of ["bash", "a b", ") S 0 0 0 0", "((("]) assert.deepEqual(parseStat(`7 (${name}) ${STAT}`), wanted);
});

test("a process that has ended and waits to be fetched is none any more", () => {
	assert.equal(parseStat(`7 (bash) ${STAT.replace("S", "Z")}`), null);
	assert.equal(parseStat(""), null);
	assert.equal(readProcess(2 ** 30), null);
});

test("the processes of a session are those in it and those descending from it, and nobody else's", async () => {
	const script = "setsid sleep 50 & sleep 50 & echo ready; wait";
	const shell = spawn("setsid", ["bash", "-c", script], { stdio: ["ignore", "pipe", "ignore"] });
	await once(shell.stdout, "data");
	const stat = readProcess(shell.pid ?? 0);
	assert.ok(stat !== null);
	const { pid, startedAt } = stat;
	const deadline = performance.now() + 5_000;
	let found = await listSessionProcesses({ pid, startedAt, owner: null });
	while (found.length < 3 && performance.now() < deadline) {
		found = await listSessionProcesses({ pid, startedAt, owner: null });
	}
	assert.equal(found.length, 3, "bash and two programs, one of which has left the session");
	assert.ok(!found.some((each) => each.pid === process.pid));
	assert.deepEqual(
		await listSessionProcesses({ pid, startedAt: startedAt - 1, owner: null }),
		[],
		"the number is another's",
	);
	const others = await listSessionProcesses({ pid, startedAt, owner: 12_345 });
	assert.deepEqual(
		others.map((each) => each.pid),
		[pid],
		"of other owners' processes only the shell itself counts",
	);
	assert.ok(isAlive(stat));
	for (const each of found) process.kill(each.pid, "SIGKILL");
	await once(shell, "exit");
	assert.ok(!isAlive(stat));
});

test("processes and threads are counted per owner", async () => {
	const counts = await countProcesses();
	assert.ok((counts.get(process.getuid?.() ?? -1) ?? 0) > 5, "this process alone has several threads");
});

test("what is wrong with a container is named, and nothing is where it is as it must be", () => {
	const mounts = "overlay / overlay ro,relatime 0 0\nproc /proc proc rw,hidepid=2 0 0\n";
	const status = (change: Record<string, string> = {}): string =>
		Object.entries({ NoNewPrivs: "1", Seccomp: "2", CapBnd: "00000000000001eb", ...change })
			.map(([name, value]) => `${name}:\t${value}\n`)
			.join("");
	assert.deepEqual(weaknesses(mounts, status()), []);
	assert.match(weaknesses("", status()).join(), /processes.*,the root/);
	assert.match(weaknesses(mounts.replace(" ro,", " rw,"), status()).join(), /^the root file system can be written$/);
	assert.match(weaknesses(mounts, status({ NoNewPrivs: "0" })).join(), /gain rights/);
	assert.match(weaknesses(mounts, status({ Seccomp: "0" })).join(), /not filtered/);
	assert.match(weaknesses(mounts, status({ CapBnd: "00000000002001eb" })).join(), /capabilities .*: 200000$/);
});

test("processes count as hidden only where the proc file system that is seen hides them", () => {
	const proc = (options: string): string => `proc /proc proc rw,nosuid${options} 0 0\n`;
	for (const hidden of [",hidepid=2", ",hidepid=invisible", ",hidepid=invisible,gid=7"]) {
		assert.equal(isProcHidden(`overlay / overlay rw 0 0\n${proc(hidden)}tmpfs /proc/acpi tmpfs ro 0 0\n`), true);
	}
	for (const shown of ["", ",hidepid=1", ",hidepid=noaccess", ",hidepid=20", ",nothidepid=2"]) {
		assert.equal(isProcHidden(proc(shown)), false);
	}
	assert.equal(isProcHidden(proc(",hidepid=2") + proc("")), false, "mounted over");
	assert.equal(isProcHidden("proc /elsewhere proc rw,hidepid=2 0 0\n"), false);
	assert.equal(isProcHidden(""), false);
});
