import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

const REFUSED = /Permission denied|Operation not permitted|No such file/;

test("nobody reads, lists or changes another's home, by whatever way, from the same container or another", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory, trudy } = all;
	await ada.run("echo private > ~/diary; chmod 666 ~/diary; mkfifo -m 666 ~/pipe");
	for (const stranger of [mallory, trudy]) {
		for (const attempt of [
			`ls ${ada.home}`,
			`cat ${ada.home}/diary`,
			`cat ${ada.home}/../${ada.name}/diary`,
			`touch ${ada.home}/new`,
			`rm -rf ${ada.home}/diary`,
			`cd ${ada.home}`,
			`chmod 777 ${ada.home}`,
			`mv ${ada.home} ~/mine`,
			// By a name of the attacker's own.
			`rm -f ~/link; ln -s ${ada.home}/diary ~/link; cat ~/link`,
			`ln ${ada.home}/diary ~/hard`,
			`rm -f ~/pipe; ln -s ${ada.home}/pipe ~/pipe; timeout 2 cat ~/pipe`,
			`python3 -c "import os; os.open('${ada.home}', os.O_PATH | os.O_DIRECTORY); os.open('${ada.home}/diary', os.O_RDONLY)"`,
			// The volume's own folder, and the folder of other homes.
			"ls /workspace",
			"mkdir /workspace/mine",
			`mv ~ /workspace/${ada.name}x`,
		]) {
			assert.match(await stranger.run(attempt), REFUSED, attempt);
		}
	}
	assert.equal(await ada.run("cat ~/diary; stat -c '%a %U' ~"), `private\n700 ${ada.name}`);
});

test("nobody gets another's uid, in a container or out of it", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory } = all;
	const uid = await ada.run("id -u");
	for (const attempt of [
		`python3 -c "import os; os.setuid(${uid})"`,
		`python3 -c "import os; os.setresuid(-1, ${uid}, -1)"`,
		`setpriv --reuid=${uid} id -u`,
		`unshare --user --map-users=${uid},0,1 id -u`,
		`chown ${uid} ~/.bashrc`,
		`su ${ada.name}`,
	]) {
		assert.match(
			await mallory.run(`${attempt} </dev/null`),
			/not permitted|denied|must be suid|Authentication|cannot/i,
			attempt,
		);
	}
	for (const file of ["/etc/passwd", "/var/lib/extrausers/passwd", "/var/lib/extrausers/shadow"]) {
		assert.match(await mallory.run(`echo x >> ${file}`), /Permission denied|Read-only/);
	}
	assert.match(await mallory.run("cat /var/lib/extrausers/shadow"), /Permission denied/);
});
