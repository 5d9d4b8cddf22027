import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("nobody reaches the agent's socket, its files, or the engine's", async () => {
	await using all = await Strangers.gather();
	const { mallory } = all;
	const connect = (path: string): string =>
		`python3 -c "import socket; socket.socket(socket.AF_UNIX).connect('${path}')" 2>&1 | tail -1`;
	assert.match(await mallory.run(connect("/run/berth/agent.sock")), /PermissionError/);
	assert.match(await mallory.run("ls /run/berth"), /Permission denied/);
	assert.match(await mallory.run(connect("/var/run/docker.sock")), /FileNotFoundError/);
	assert.equal(await mallory.run("find / -xdev -name '*docker*.sock' -o -name containerd.sock 2>/dev/null"), "");
	assert.match(
		await mallory.run("touch /opt/berth/x; touch /run/x; touch /etc/x"),
		/((Read-only|Permission denied).*){3}/s,
	);
	// The launcher gives rights up; it has none to give.
	assert.match(
		await mallory.run("/opt/berth/container-image/launcher/berth-launch --uid 20000 -- /bin/id"),
		/not permitted/,
	);
});

test("nobody moves out of the limits of the own account, or raises them", async () => {
	await using all = await Strangers.gather();
	const { mallory } = all;
	const uid = await mallory.run("id -u");
	for (const attempt of [
		"echo $$ > /sys/fs/cgroup/memory/cgroup.procs",
		"echo $$ > /sys/fs/cgroup/pids/agent/cgroup.procs",
		"echo -1 > /sys/fs/cgroup/cpu/users/u20000/cpu.cfs_quota_us",
		`echo 1 > /sys/fs/cgroup/memory/users/u${uid}/notify_on_release`,
		"echo /bin/sh > /sys/fs/cgroup/memory/release_agent",
		"mkdir /sys/fs/cgroup/pids/mine",
		"mkdir /sys/fs/cgroup/cpu/users/mine",
		"echo $$ > /sys/fs/cgroup/cgroup.procs",
		"echo $$ > /sys/fs/cgroup/agent/cgroup.procs",
		`echo max > /sys/fs/cgroup/users/u${uid}/memory.max`,
		`echo 1 > /sys/fs/cgroup/users/cgroup.kill`,
		`mkdir /sys/fs/cgroup/users/u${uid}/mine`,
		"ulimit -u 100000",
		"ulimit -n 100000",
		"ulimit -c unlimited",
	]) {
		assert.match(await mallory.run(attempt), /Permission denied|not permitted|No such file|Read-only/, attempt);
	}
	// Whichever version there is, the attempts at the other find nothing. In version 1 older kernels let everybody ask for
	// events.
	const groups = await mallory.run(`find /sys/fs/cgroup -type d -name u${uid}`);
	assert.match(groups, new RegExp(`/users/u${uid}$`, "m"));
	const writable = "find /sys/fs/cgroup -writable -not -type l -not -name cgroup.event_control 2>/dev/null";
	assert.equal(await mallory.run(writable), "");
});
