import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("a shell has no capability, no way to gain one, and no group but its own", async () => {
	await using all = await Strangers.gather();
	const { mallory } = all;
	const status = await mallory.run("grep -E '^(Cap|NoNewPrivs|Groups|Seccomp:)' /proc/self/status");
	for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
		assert.match(status, new RegExp(`${set}:\\s+0{16}`), set);
	}
	assert.match(status, /NoNewPrivs:\s+1/);
	assert.match(status, /Seccomp:\s+2/);
	assert.equal(await mallory.run("id -G"), await mallory.run("id -g"));
	assert.equal(await mallory.run("find / -xdev -perm /6000 -type f 2>/dev/null"), "");
	assert.equal(await mallory.run("getcap -r / 2>/dev/null"), "");
	for (const attempt of [
		"mount -t tmpfs none /tmp",
		"mount --bind / /mnt",
		"unshare --user --map-root-user id",
		"unshare --mount id",
		"nsenter -t 1 -m id",
		"chroot / id",
		"mknod ~/disk b 8 0",
		"cp /bin/bash ~/rootsh && chmod 4755 ~/rootsh && chown root ~/rootsh",
		"keyctl show",
		"dmesg",
		"cat /dev/mem",
		"cat /dev/kmsg",
		"echo 1 > /proc/sys/kernel/sysrq",
		"echo c > /proc/sysrq-trigger",
		"cat /proc/kcore",
		"insmod x",
		"hostname other",
		"date -s 2000-01-01",
		"sysctl -w kernel.core_pattern=x",
		'python3 -c "import os; os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"',
		"bpftool prog",
		"reboot -f",
	]) {
		const output = await mallory.run(`PATH=$PATH:/sbin:/usr/sbin; ${attempt}`);
		assert.match(
			output,
			/permi|denied|not found|No such|cannot|must be (root|superuser)|Read-only|Could not|failed/i,
			attempt,
		);
		assert.doesNotMatch(output, /uid=0/, attempt);
	}
});

test("the devices of the container are those that everybody may use", async () => {
	await using all = await Strangers.gather();
	const devices = await all.mallory.run(
		"find /dev -not -path '/dev/pts/*' \\( -type b -o -type c \\) -printf '%f\\n' | sort",
	);
	assert.deepEqual(devices.split("\n"), ["full", "null", "random", "tty", "urandom", "zero"]);
});
