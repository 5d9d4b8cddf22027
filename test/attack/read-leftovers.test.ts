import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("nobody reads what another leaves in temporary folders, unless it was left open there", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory, trudy } = all;
	await ada.run(
		"umask 022; echo mine > $TMPDIR/file; echo shared > /tmp/shared; echo kept > /tmp/kept; chmod 600 /tmp/kept",
	);
	const folder = await ada.run("echo $TMPDIR");
	assert.match(await mallory.run(`cat ${folder}/file`), /Permission denied/);
	assert.match(await mallory.run("cat /tmp/kept"), /Permission denied/);
	assert.match(await mallory.run("rm -f /tmp/shared; mv /tmp/shared /tmp/stolen"), /not permitted.*not permitted/s);
	await ada.run("tmux new-session -d 'sleep 100'");
	assert.match(await ada.run("ls $TMUX_TMPDIR"), /tmux-\d+/);
	assert.match(await mallory.run(`ls ${folder}; tmux -S ${folder}/tmux-*/default attach`), /denied.*denied/s);
	assert.match(await trudy.run("ls /tmp/shared"), /No such file/, "another container has another /tmp");
	// A file laid there in wait of another's program is not written through.
	await mallory.run("ln -s ~/caught /tmp/trap; touch ~/caught; chmod 666 ~/caught; chmod 755 ~");
	await ada.run("echo secret > /tmp/trap");
	assert.equal(await mallory.run("cat ~/caught"), "");
});

test("programs that crash leave no image of their memory", async () => {
	await using all = await Strangers.gather();
	const { mallory } = all;
	assert.equal(await mallory.run("ulimit -c; ulimit -Hc"), "0\n0");
	await mallory.run("cd ~; (kill -SEGV $BASHPID); true");
	assert.equal(await mallory.run("ls ~ | grep -c core"), "0");
	assert.match(await mallory.run("echo '|/bin/sh' > /proc/sys/kernel/core_pattern"), /Permission denied|Read-only/);
});

test("shared memory and message queues of another account cannot be opened", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory, trudy } = all;
	await ada.run("printf private > /dev/shm/diary; chmod 600 /dev/shm/diary");
	assert.equal(await ada.run("head -c 7 /dev/shm/diary"), "private");
	assert.match(await mallory.run("head -c 7 /dev/shm/diary"), /Permission denied/);
	assert.match(await trudy.run("ls /dev/shm/diary"), /No such file/);
	const key = await ada.run("ipcmk -M 64 -p 600 | grep -o '[0-9]*$'");
	assert.match(
		await mallory.run(`python3 -c "
import ctypes
c = ctypes.CDLL(None, use_errno=True)
c.shmat.restype = ctypes.c_ssize_t
print(c.shmat(${key}, None, 0), ctypes.get_errno())
"`),
		/^-1 13$/,
	);
	assert.equal(await trudy.run(`ipcs -m | grep -c ' 600 '`), "0", "another container has its own");
});
