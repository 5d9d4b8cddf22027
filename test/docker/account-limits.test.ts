/** What one account may use in a real container, and that it may be changed while its programs run. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

async function begin(t: TestContext, settings: Record<string, string> = {}) {
	const pool = new TestPool({ MAX_CONTAINERS: "1", ...settings });
	const gateway = await GatewayProcess.start(pool.environment);
	const page = await PageClient.connect(gateway.base);
	t.after(async () => {
		page[Symbol.dispose]();
		await gateway[Symbol.asyncDispose]();
		await pool[Symbol.asyncDispose]();
	});
	await page.untilReady();
	return { pool, gateway, page, screen: await page.open() };
}

test("an account has the limits of the settings, the agent is outside of them, and the container has both", async (t) => {
	const { pool, page, screen } = await begin(t, {
		...{ CONTAINER_MEMORY: "300m", CONTAINER_CPUS: "0.5", CONTAINER_PIDS_LIMIT: "500" },
		...{ AGENT_MEMORY: "100m", AGENT_CPUS: "0.25", USER_MEMORY_LIMIT: "64m" },
		...{ USER_MAX_PROCESSES: "40", USER_OPEN_FILES: "300", USER_FILE_SIZE: "5m" },
	});
	const { HostConfig } = await pool.container(1).inspect();
	assert.equal(HostConfig.Memory, 400 * 1024 ** 2);
	assert.equal(HostConfig.CpuQuota, 75_000);
	assert.equal(await page.run(screen, "ulimit -u; ulimit -n; ulimit -f; ulimit -c"), "40\n300\n5120\n0");
	const groups = await page.run(screen, "cut -d: -f2- /proc/self/cgroup | grep users/u$(id -u) | wc -l");
	assert.ok(Number(groups) >= 1, "the shell is in its account's groups");
	const agent = await pool.run(1, ["sh", "-c", "cat /proc/1/cgroup"]);
	assert.match(agent, /\/agent/);
	assert.doesNotMatch(agent, /users/);
	const info = JSON.parse(await page.run(screen, "sleep 1; container-info --json"));
	assert.equal(info.memory.limitBytes, 300 * 1024 ** 2);
	assert.equal(info.memory.ownLimitBytes, 64 * 1024 ** 2);
	assert.ok(info.memory.ownBytes > 0);
	assert.equal(info.cpu.limitCores, 0.5);
});

test("a tier gives its users other limits, and a change of the file reaches programs that run", async (t) => {
	const { gateway, page, screen } = await begin(t);
	const { username } = page.welcome?.user ?? assert.fail();
	const file = join(gateway.dataDir, "tiers.json");
	const tier = (memory: string, sessions: number): void =>
		writeFileSync(
			file,
			JSON.stringify({ tiers: { own: { memory, sessions } }, rules: [{ users: [username], tier: "own" }] }),
		);
	tier("150m", 2);
	const before = page.places.length;
	await gateway.stop();
	await gateway.start({ TIERS_FILE: file });
	await page.until(() => page.places.length > before && page.place?.kind === "ready", "a place again");
	assert.equal(page.welcome?.sessionsPerUser, 2);
	const take = "python3 -c 'a = bytearray(100 << 20); print(len(a))'";
	const again = await page.attach(screen.sessionId);
	await page.open();
	assert.equal(
		(await page.request("session:open", { pageId: page.pageId, name: "x", size: { cols: 80, rows: 24 } })).ok,
		false,
	);
	assert.match(await page.run(again, take), /104857600/);
	tier("50m", 2);
	gateway.signal("SIGHUP");
	await sleep(1_000);
	assert.match(await page.run(again, take), /Killed/);
	// A file that is wrong changes nothing.
	writeFileSync(file, "{");
	gateway.signal("SIGHUP");
	await sleep(500);
	assert.match(gateway.log, /tiers stay as they were/);
	assert.match(await page.run(again, take), /Killed/);
});

test("where an account's launcher is gone its sessions end, nobody else's do, and it gets new ones", async (t) => {
	const { gateway, pool, page, screen } = await begin(t);
	const other = await PageClient.connect(gateway.base);
	t.after(() => other[Symbol.dispose]());
	await other.untilReady();
	const bystander = await other.open();
	const launcher = await page.run(screen, "awk '/^PPid/ { print $2 }' /proc/$$/status");
	await pool.run(1, ["kill", "-9", launcher]);
	await page.until(() => page.closed.some(({ sessionId }) => sessionId === screen.sessionId), "the session's end");
	assert.equal(await other.run(bystander, "echo goes on"), "goes on");
	const again = await page.open();
	assert.equal(await page.run(again, "echo works"), "works");
});

/** In a container that was not hardened, control groups are read-only: as on hosts that do not let them be opened. */
const WATCHED = `
const { LimitKeeper } = await import("/opt/berth/container-image/agent/limits/limit-keeper.js");
const { spawn } = await import("node:child_process");
const account = { username: "ada", uid: 20001 };
const log = { debug() {}, info() {}, warn(_fields, text) { console.log(text); }, error(fields) { console.log(fields); } };
const share = { memoryBytes: 5e8, millicores: 500, processes: 1000 };
const keeper = new LimitKeeper({ share, log, endPrograms: async () => {}, onNotice: (_account, text) => console.log(text) });
console.log(keeper.admit(account, { memoryBytes: 64 * 2 ** 20, cpuWeight: 100, processes: 100 }).length);
const program = ["/usr/bin/python3", "-c", "import time; a = bytearray(200 << 20); time.sleep(60)"];
const child = spawn("/opt/berth/container-image/launcher/berth-launch", ["--uid", "20001", "--", ...program]);
child.on("exit", (_code, signal) => { console.log(signal); process.exit(); });
`;

test("where control groups cannot be written, who takes too much memory is ended all the same", async () => {
	const output = await docker(
		"run",
		"--rm",
		"--network=none",
		"--entrypoint=node",
		POOL_IMAGE,
		"--input-type=module",
		"-e",
		WATCHED,
	);
	assert.deepEqual(output.split("\n"), [
		"control groups cannot be written: memory is watched instead, CPU is not shared out",
		"0",
		"a program was ended: your programs may use 64 MiB of memory together",
		"SIGKILL",
	]);
});
