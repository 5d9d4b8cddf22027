import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolContainer } from "../../server/core/container-driver.ts";
import { LocalDriver } from "../../server/drivers/local/local-driver.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { agentHello, type DriverUnderTest, testContainerDriver } from "../conformance/container-driver.ts";
import { DriverEvents } from "../support/driver-events.ts";
import { RecordingLog } from "../support/recording-log.ts";

const first = Ordinal.parse(1);

const END_PATIENCE_MS = 10_000;
/** A gateway's part that has an agent, and would go on for ever. */
const GATEWAY_SCRIPT = `
	import { LocalDriver } from ${JSON.stringify(join(import.meta.dirname, "../../server/drivers/local/local-driver.ts"))};
	const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
	const { instanceId } = await new LocalDriver({ dataDir: process.argv[1], log }).ensure(1);
	process.stdout.write(instanceId);
	setInterval(() => {}, 1_000_000);
`;

type LocalUnderTest = DriverUnderTest & { driver: LocalDriver; dataDir: string; log: RecordingLog };

function setUp(subfolder = ""): LocalUnderTest {
	const folder = mkdtempSync(join(tmpdir(), "berth-local-"));
	const dataDir = join(folder, subfolder);
	const log = new RecordingLog();
	const driver = new LocalDriver({ dataDir, log });
	return {
		driver,
		dataDir,
		log,
		kill: async (container) => {
			process.kill(pidOf(container), "SIGKILL");
			while (isAlive(pidOf(container))) await sleep(10);
		},
		[Symbol.asyncDispose]: async () => {
			const pids = (await driver.inspect()).map(({ instanceId }) => pidOf({ instanceId }));
			await driver[Symbol.asyncDispose]();
			assert.deepEqual(pids.filter(isAlive), [], "agents that outlive their driver");
			rmSync(folder, { recursive: true });
		},
	};
}

function start(t: TestContext, subfolder?: string): LocalUnderTest {
	const underTest = setUp(subfolder);
	t.after(() => underTest[Symbol.asyncDispose]());
	return underTest;
}

function pidOf({ instanceId }: Pick<PoolContainer, "instanceId">): number {
	return Number.parseInt(instanceId, 10);
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

testContainerDriver("the local driver", async () => setUp());

test("homes are in the data folder, and nobody else may enter the sockets' folder", async (t) => {
	const { driver, dataDir } = start(t);
	await driver.ensure(first);
	assert.ok(statSync(join(dataDir, "workspace")).isDirectory());
	assert.equal(statSync(join(dataDir, "links")).mode & 0o777, 0o700);
});

test("the agent's log lines become the gateway's, with their level", async (t) => {
	const { driver, log } = start(t);
	await driver.ensure(first);
	// It listens first and says so then, through a pipe.
	const { level, fields } = await log.line("agent listens");
	assert.equal(level, "info");
	assert.equal(fields.container, "local-1");
});

test("where the data folder's path is too long for sockets, they are elsewhere, and only for a while", async (t) => {
	const { driver, dataDir } = start(t, "long".repeat(30));
	const { TMPDIR = "/tmp" } = process.env;
	const elsewhere = mkdtempSync(join(tmpdir(), "berth-tmp-"));
	t.after(() => {
		process.env.TMPDIR = TMPDIR;
		rmSync(elsewhere, { recursive: true });
	});
	process.env.TMPDIR = elsewhere;
	await agentHello(driver, await driver.ensure(first));
	assert.equal(readdirSync(elsewhere).length, 1);
	assert.ok(!existsSync(join(dataDir, "links")));
	await driver[Symbol.asyncDispose]();
	assert.deepEqual(readdirSync(elsewhere), []);
});

test("agents end with the watch, and leave no socket", async (t) => {
	const { driver, dataDir } = start(t);
	const events = new DriverEvents(driver);
	const container = await driver.ensure(first);
	await events[Symbol.asyncDispose]();
	assert.ok(!isAlive(pidOf(container)));
	assert.deepEqual(readdirSync(join(dataDir, "links")), []);
});

test("an agent that cannot start fails the container, with its last words as the cause", async (t) => {
	const { driver, dataDir } = start(t);
	mkdirSync(join(dataDir, "links", "local-1.sock", "in-the-way"), { recursive: true });
	await assert.rejects(driver.ensure(first), (error) => {
		assert.ok(error instanceof BerthError && error.cause instanceof Error);
		assert.equal(error.code, "CONTAINER_FAILED");
		assert.match(error.detail ?? "", /^local-1: it ended with exit code [1-9]/);
		assert.match(error.cause.message, /local-1\.sock/);
		return true;
	});
	assert.deepEqual(await driver.inspect(), []);
	await driver.ensure(first);
});

test("an agent ends when its gateway is killed", async (t) => {
	const dataDir = mkdtempSync(join(tmpdir(), "berth-local-"));
	t.after(() => rmSync(dataDir, { recursive: true }));
	const gateway = spawn(process.execPath, ["--input-type=module-typescript", "--eval", GATEWAY_SCRIPT, dataDir]);
	const [instanceId] = await once(gateway.stdout.setEncoding("utf8"), "data");
	gateway.kill("SIGKILL");
	const deadline = performance.now() + END_PATIENCE_MS;
	while (isAlive(pidOf({ instanceId })) && performance.now() < deadline) await sleep(20);
	assert.ok(!isAlive(pidOf({ instanceId })), "the agent goes on without a gateway");
});

test("whoever has another instance's address gets no link", async (t) => {
	const { driver } = start(t);
	const container = await driver.ensure(first);
	await assert.rejects(
		driver.connect({ ...container, instanceId: "1-1" }),
		(error) => error instanceof BerthError && error.code === "LINK_BROKEN",
	);
});
