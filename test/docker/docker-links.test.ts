/** Links to agents at a real engine: which way they go, and that nothing of them stays in the container. */
import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DockerDriverOptions } from "../../server/drivers/docker/docker-driver.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { agentHello } from "../conformance/container-driver.ts";
import { type DockerUnderTest, dockerUnderTest } from "../support/docker-driver-under-test.ts";

const first = Ordinal.parse(1);
const BRIDGES_END_MS = 5_000;

function start(t: TestContext, changes?: Partial<DockerDriverOptions>): DockerUnderTest {
	const underTest = dockerUnderTest(changes);
	t.after(() => underTest[Symbol.asyncDispose]());
	return underTest;
}

async function countBridges({ run, pool }: DockerUnderTest): Promise<number> {
	return Number(await run(pool.containerName(1), "grep -lsz '^STDIO$' /proc/[0-9]*/cmdline | wc -l"));
}

async function untilNoBridges(underTest: DockerUnderTest): Promise<void> {
	const deadline = performance.now() + BRIDGES_END_MS;
	while ((await countBridges(underTest)) > 0) {
		assert.ok(performance.now() < deadline, "a bridge goes on without its stream");
		await sleep(100);
	}
}

function isSocket(stream: Duplex): boolean {
	stream.destroy();
	return stream instanceof Socket;
}

test("the link is the agent's socket where the folder is shared, and the hidden bridge where it is not", async (t) => {
	const { driver, restart } = start(t);
	assert.ok(isSocket(await driver.connect(await driver.ensure(first))));
	const other = restart({ linkDir: null });
	assert.ok(!isSocket(await other.connect(await other.ensure(first))));
});

test("a path that is too long for sockets sends the links through docker exec", async (t) => {
	const { restart, linkDir, log } = start(t);
	const driver = restart({ linkDir: join(linkDir, "long".repeat(25)) });
	const container = await driver.ensure(first);
	await agentHello(driver, container);
	assert.ok(!isSocket(await driver.connect(container)));
	assert.ok(log.lines.some(({ fields }) => /too long a path for sockets$/.test(String(fields.obstacle))));
});

test("a socket that cannot be reached any more is gone around, with one warning", async (t) => {
	const { driver, linkDir, log } = start(t);
	const container = await driver.ensure(first);
	renameSync(join(linkDir, container.name), join(linkDir, "elsewhere"));
	for (let i = 0; i < 2; i++) await agentHello(driver, container);
	assert.equal(log.lines.filter(({ level }) => level === "warn").length, 1);
	assert.equal((await driver.ensure(first)).instanceId, container.instanceId, "it is adopted all the same");
});

test("no bridge outlives its stream, ended or destroyed", async (t) => {
	const underTest = start(t, { linkDir: null });
	const { driver } = underTest;
	const container = await driver.ensure(first);
	const streams = await Promise.all([1, 2, 3, 4].map(() => driver.connect(container)));
	while ((await countBridges(underTest)) < streams.length) await sleep(50);
	streams.forEach((stream, i) => {
		if (i % 2 === 0) stream.destroy();
		else stream.resume().end();
	});
	await untilNoBridges(underTest);
});

test("no bridge outlives a stream that is destroyed while nobody reads it", async (t) => {
	const underTest = start(t, { linkDir: null });
	const { driver, run, pool } = underTest;
	// In the agent's place: somebody who never stops talking.
	const container = await driver.ensure(first);
	await run(
		pool.containerName(1),
		"rm /run/berth/agent.sock; setsid socat UNIX-LISTEN:/run/berth/agent.sock,fork OPEN:/dev/zero >/dev/null 2>&1 &",
	);
	await sleep(500);
	const stream = await driver.connect(container);
	await sleep(1_000);
	assert.equal(await countBridges(underTest), 1);
	assert.ok(stream.readableLength <= stream.readableHighWaterMark + 64 * 1024, "what nobody reads stays in the engine");
	stream.destroy();
	await untilNoBridges(underTest);
});
