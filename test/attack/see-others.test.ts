import assert from "node:assert/strict";
import { test } from "node:test";
import { Strangers } from "./strangers.ts";

test("nobody sees another's processes, arguments, terminals or sessions", async () => {
	await using all = await Strangers.gather();
	const { ada, mallory } = all;
	await ada.run("(exec -a ada-works sleep 300) & sleep 0.2");
	assert.doesNotMatch(
		await mallory.run("ps -eo user,args; pgrep -af .; top -bn1"),
		/ada-works|main\.js|tini|berth-launch/,
	);
	assert.equal(await mallory.run("stat -c %U /proc/[0-9]* | sort -u"), mallory.name);
	assert.match(await mallory.run("ls /proc/1"), /No such file|cannot access/);
	assert.doesNotMatch(await mallory.run("who; w -h; last 2>&1; users"), new RegExp(ada.name));
	assert.doesNotMatch(await mallory.run("getent passwd | grep -v nologin | cut -d: -f6"), /diary/);
	// How many terminals there are can be seen, and whose; nothing of what is on them.
	const tty = await ada.run("tty");
	assert.match(await mallory.run(`cat ${tty}; echo boo > ${tty}; stty -F ${tty}`), /(Permission denied.*){3}/s);
	assert.match(await ada.run(`stat -c '%a %U' ${tty}`), new RegExp(`^600 ${ada.name}$`));
});
