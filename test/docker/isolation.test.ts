/** Two strangers, in one container and in two: what each can see and touch of the other, of the agent, of the host. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

type Person = { page: PageClient; screen: Screen; name: string; run(command: string): Promise<string> };

let pool: TestPool;
let gateway: GatewayProcess;
/** Ada and Mallory share container 1; Trudy is in container 2, on the same volume. */
let ada: Person;
let trudy: Person;
let mallory: Person;

async function arrive(): Promise<Person> {
	const page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const screen = await page.open();
	const name = page.welcome?.user.username ?? "";
	return { page, screen, name, run: (command) => page.run(screen, command) };
}

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "2" });
	gateway = await GatewayProcess.start(pool.environment);
	// Both containers have to be there, or everybody would go to the first.
	while ((await gateway.readiness()).containers.ready < 2) await sleep(100);
	[ada, trudy, mallory] = [await arrive(), await arrive(), await arrive()];
	const containers = [ada, trudy, mallory].map(({ page }) => page.place?.kind === "ready" && page.place.container);
	const [one, two] = [pool.containerName(1), pool.containerName(2)];
	assert.deepEqual(containers, [one, two, one]);
});
after(async () => {
	for (const person of [ada, trudy, mallory]) person?.page[Symbol.dispose]();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

test("nobody can list, read or write another's home, from the same container or another", async () => {
	await ada.run("echo private > ~/diary; chmod 666 ~/diary");
	for (const stranger of [mallory, trudy]) {
		for (const attempt of ["ls", "cat", "touch", "rm -rf", "cd"]) {
			const output = await stranger.run(`${attempt} /workspace/${ada.name}/${attempt === "cd" ? "" : "diary"}`);
			assert.match(output, /Permission denied/, attempt);
		}
	}
	assert.equal(await ada.run("cat ~/diary"), "private");
});

test("nobody can list who has a home", async () => {
	assert.match(await mallory.run("ls /workspace"), /Permission denied/);
	assert.match(await mallory.run("mkdir /workspace/mine"), /Permission denied/);
});

test("nobody sees another's processes, nor the agent's", async () => {
	await ada.run("(exec -a ada-works sleep 300) & sleep 0.2");
	const processes = await mallory.run("ps -eo user,args");
	assert.doesNotMatch(processes, /ada-works|main\.ts|tini/);
	const owners = await mallory.run("stat -c %U /proc/[0-9]* | sort -u");
	assert.equal(owners, mallory.name);
	assert.match(await mallory.run("ls /proc/1"), /No such file|cannot access/);
});

test("nobody can signal another's processes", async () => {
	const pid = await ada.run("echo $$");
	const output = await mallory.run(`/bin/kill -9 ${pid}; kill -9 ${pid}; kill -9 1; echo end`);
	assert.match(output, /^(.*(not permitted|No such process)\n){3}end$/);
	assert.equal(await ada.run("echo unharmed"), "unharmed");
});

test("nobody can write to another's terminal", async () => {
	const tty = await ada.run("tty");
	assert.match(await mallory.run(`echo boo > ${tty}`), /Permission denied/);
	assert.match(await ada.run(`stat -c '%a %U' ${tty}`), new RegExp(`^6[02]0 ${ada.name}$`));
});

test("a shell has no capability, no way to gain one, and no group but its own", async () => {
	const status = await mallory.run("grep -E '^(Cap|NoNewPrivs|Groups|Seccomp:)' /proc/self/status");
	for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
		assert.match(status, new RegExp(`${set}:\\s+0{16}`), set);
	}
	assert.match(status, /NoNewPrivs:\s+1/);
	assert.match(status, /Seccomp:\s+2/);
	assert.equal(await mallory.run("id -G"), await mallory.run("id -g"));
});

test("the image has no setuid or setgid program, and its root is read-only", async () => {
	assert.equal(await mallory.run("find / -xdev -perm /6000 -type f 2>/dev/null"), "");
	for (const path of ["/etc/x", "/usr/local/bin/x", "/opt/berth/x"]) {
		assert.match(await mallory.run(`touch ${path}`), /Read-only file system|Permission denied/);
	}
});

test("the agent cannot be reached or read from a shell", async () => {
	const attempt = `python3 -c "import socket; s=socket.socket(socket.AF_UNIX); s.connect('/run/berth/agent.sock')"`;
	assert.match(await mallory.run(`${attempt} 2>&1 | tail -1`), /PermissionError|Permission denied/);
	assert.match(await mallory.run("ls /run/berth"), /Permission denied/);
	assert.doesNotMatch(await mallory.run("env"), /BERTH_(SOCKET|IMAGE|MODE|WORKSPACE)/);
});

test("what container-info knows of one account is not readable by another", async () => {
	const output = await mallory.run(`cat /run/berth-info/${ada.name}`);
	assert.match(output, /Permission denied/);
});

test("the account cannot change its own entry, nor anybody's", async () => {
	for (const file of ["/etc/passwd", "/var/lib/extrausers/passwd", "/var/lib/extrausers/shadow"]) {
		assert.match(await mallory.run(`echo x >> ${file}`), /Permission denied|Read-only/);
	}
	assert.match(await mallory.run("cat /var/lib/extrausers/shadow"), /Permission denied/);
});
