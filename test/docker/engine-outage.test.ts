/** What the Docker driver does when its engine goes away, hangs and comes back. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DockerDriver } from "../../server/drivers/docker/docker-driver.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { agentHello } from "../conformance/container-driver.ts";
import { type DockerUnderTest, dockerUnderTest } from "../support/docker-driver-under-test.ts";
import { DriverEvents } from "../support/driver-events.ts";
import { EngineProxy } from "../support/engine-proxy.ts";

const first = Ordinal.parse(1);
/** Pings go out every 3 s and are given 5 s. */
const SILENCE_NOTICED_MS = 10_000;

type Outage = { proxy: EngineProxy; underTest: DockerUnderTest; driver: DockerDriver };

async function start(t: TestContext): Promise<Outage> {
	const proxy = await EngineProxy.start();
	t.after(() => proxy[Symbol.asyncDispose]());
	const underTest = dockerUnderTest();
	t.after(() => underTest[Symbol.asyncDispose]());
	return { proxy, underTest, driver: underTest.restart({ engine: { socketPath: proxy.socketPath } }) };
}

function isUnreachable(error: unknown): boolean {
	assert.ok(error instanceof BerthError, String(error));
	assert.equal(error.code, "ENGINE_UNREACHABLE");
	assert.match(error.detail ?? "", /docker\.sock/);
	return true;
}

test("an engine that is stopped is noticed at once, and so is its return", async (t) => {
	const { proxy, driver } = await start(t);
	await using events = new DriverEvents(driver);
	await events.until("engine-up");
	proxy.cut();
	const { reason } = await events.until("engine-down", 1, 1_000);
	assert.match(reason, /is Docker (installed and )?running\?$/);
	await proxy.restore();
	await events.until("engine-up", 2, 3_000);
	assert.deepEqual(events.kinds(), ["engine-up", "engine-down", "engine-up"]);
});

test("a watch that begins during an outage begins with engine-down, which is said once", async (t) => {
	const { proxy, driver } = await start(t);
	proxy.cut();
	await using events = new DriverEvents(driver);
	await events.until("engine-down");
	await new Promise((resolve) => setTimeout(resolve, 1_500));
	await proxy.restore();
	await events.until("engine-up");
	assert.deepEqual(events.kinds(), ["engine-down", "engine-up"]);
});

test("an engine that hangs is noticed although its connections stand", async (t) => {
	const { proxy, driver } = await start(t);
	await using events = new DriverEvents(driver);
	await events.until("engine-up");
	proxy.freeze();
	const { reason } = await events.until("engine-down", 1, SILENCE_NOTICED_MS);
	assert.match(reason, /^no answer within 5 s/);
	proxy.cut();
	await proxy.restore();
	await events.until("engine-up", 2);
});

test("an event stream that breaks while the engine answers is reopened without an outage", async (t) => {
	const { proxy, driver, underTest } = await start(t);
	await using events = new DriverEvents(driver);
	await events.until("engine-up");
	const container = await driver.ensure(first);
	proxy.cut();
	await proxy.restore();
	await events.until("engine-up", 2);
	await underTest.kill(container);
	await events.until("container-stopped");
	assert.deepEqual(events.kinds(), ["engine-up", "engine-up", "container-stopped"]);
});

test("whatever needs the engine fails as unreachable during an outage, and links over sockets go on", async (t) => {
	const { proxy, driver } = await start(t);
	const container = await driver.ensure(first);
	proxy.cut();
	await assert.rejects(driver.inspect(), isUnreachable);
	await assert.rejects(driver.ensure(first), isUnreachable);
	await assert.rejects(driver.remove(container.instanceId), isUnreachable);
	await agentHello(driver, container);
	await proxy.restore();
	assert.equal((await driver.ensure(first)).instanceId, container.instanceId);
});

test("a link through docker exec breaks with the engine, and connecting again says why it cannot", async (t) => {
	const { proxy, underTest } = await start(t);
	const driver = underTest.restart({ engine: { socketPath: proxy.socketPath }, linkDir: null });
	const container = await driver.ensure(first);
	const stream = await driver.connect(container);
	const closed = new Promise((resolve) => stream.on("error", () => {}).once("close", resolve));
	proxy.cut();
	await closed;
	await assert.rejects(driver.connect(container), isUnreachable);
});

test("nothing stays open at the engine when a watch and its links have ended", async (t) => {
	const { proxy, driver } = await start(t);
	const events = new DriverEvents(driver);
	await events.until("engine-up");
	await agentHello(driver, await driver.ensure(first));
	await events[Symbol.asyncDispose]();
	await new Promise((resolve) => setTimeout(resolve, 100));
	assert.equal(proxy.connections, 0);
});
