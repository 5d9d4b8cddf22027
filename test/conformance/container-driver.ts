/** What every container driver does, whatever it is made of. Each driver's own tests run this suite. */

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import type { ContainerDriver, PoolContainer } from "../../server/core/container-driver.ts";
import { LinkConnection } from "../../server/core/link/link-connection.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import type { AgentHello } from "../../server/protocol/link.ts";
import { DEFAULT_POLICY } from "../agent/link-client.ts";
import { DriverEvents } from "../support/driver-events.ts";

/** A driver with a pool of its own, of which nothing is left when it is disposed. */
export type DriverUnderTest = AsyncDisposable & {
	driver: ContainerDriver;
	/** Ends a container as something outside would, without asking the driver. */
	kill(container: PoolContainer): Promise<void>;
};

const GATEWAY = {
	gateway: "test",
	policy: DEFAULT_POLICY,
};
const first = Ordinal.parse(1);
const second = Ordinal.parse(2);

/** Connects as the gateway does and returns what the agent says of itself. */
export async function agentHello(driver: ContainerDriver, container: PoolContainer): Promise<AgentHello> {
	const stream = await driver.connect(container);
	try {
		const handlers = { onOutput() {}, onInputAck() {}, onEvent() {}, onClosed() {} };
		const link = await LinkConnection.open(stream, GATEWAY, handlers);
		link.close();
		return link.hello;
	} finally {
		stream.destroy();
	}
}

export function testContainerDriver(name: string, setUp: () => Promise<DriverUnderTest>): void {
	async function start(t: TestContext): Promise<DriverUnderTest> {
		const underTest = await setUp();
		t.after(() => underTest[Symbol.asyncDispose]());
		return underTest;
	}

	describe(name, () => {
		test("a pool begins empty, and ensure makes its container run with an agent in it", async (t) => {
			const { driver } = await start(t);
			assert.deepEqual(await driver.inspect(), []);
			const container = await driver.ensure(first);
			assert.equal(container.ordinal, first);
			const { name, instanceId } = container;
			assert.deepEqual(await driver.inspect(), [
				{ name, instanceId, ordinal: first, isRunning: true, isCurrent: true },
			]);
			const hello = await agentHello(driver, container);
			assert.equal(hello.isHardened, driver.isolation === "containers");
		});

		test("ensure adopts what runs as configured: the agent lives on", async (t) => {
			const { driver } = await start(t);
			const container = await driver.ensure(first);
			const { bootId } = await agentHello(driver, container);
			assert.deepEqual(await driver.ensure(first), container);
			assert.equal((await agentHello(driver, container)).bootId, bootId);
		});

		test("each ordinal has a container of its own", async (t) => {
			const { driver } = await start(t);
			const [one, two] = await Promise.all([driver.ensure(first), driver.ensure(second)]);
			assert.notEqual(one.instanceId, two.instanceId);
			assert.notEqual(one.name, two.name);
			const [hello, otherHello] = await Promise.all([agentHello(driver, one), agentHello(driver, two)]);
			assert.notEqual(hello.bootId, otherHello.bootId);
		});

		test("several streams to one agent live side by side", async (t) => {
			const { driver } = await start(t);
			const container = await driver.ensure(first);
			const hellos = await Promise.all([1, 2, 3].map(() => agentHello(driver, container)));
			assert.equal(new Set(hellos.map(({ bootId }) => bootId)).size, 1);
		});

		test("a stream that is destroyed at once does no harm", async (t) => {
			const { driver } = await start(t);
			const container = await driver.ensure(first);
			for (let i = 0; i < 5; i++) (await driver.connect(container)).destroy();
			await agentHello(driver, container);
		});

		test("a watch begins with the engine's state and reports a container that is killed, once", async (t) => {
			const { driver, kill } = await start(t);
			await using events = new DriverEvents(driver);
			await events.until("engine-up");
			const container = await driver.ensure(first);
			await kill(container);
			const { ordinal, instanceId, reason } = await events.until("container-stopped");
			assert.deepEqual({ ordinal, instanceId }, { ordinal: first, instanceId: container.instanceId });
			assert.notEqual(reason, "");
			assert.ok((await driver.inspect()).every(({ isRunning }) => !isRunning));
			await driver.remove(container.instanceId);
			assert.deepEqual(events.kinds(), ["engine-up", "container-stopped"]);
		});

		test("ensure puts another instance in the place of one that was killed", async (t) => {
			const { driver, kill } = await start(t);
			const container = await driver.ensure(first);
			const { bootId } = await agentHello(driver, container);
			await kill(container);
			const successor = await driver.ensure(first);
			assert.notEqual(successor.instanceId, container.instanceId);
			assert.equal(successor.name, container.name);
			assert.notEqual((await agentHello(driver, successor)).bootId, bootId);
			assert.equal((await driver.inspect()).length, 1);
		});

		test("a removed container is gone; removing it again is fine; connecting to it fails as a broken link", async (t) => {
			const { driver } = await start(t);
			const container = await driver.ensure(first);
			await driver.remove(container.instanceId);
			assert.deepEqual(await driver.inspect(), []);
			await driver.remove(container.instanceId);
			await assert.rejects(
				agentHello(driver, container),
				(error) => error instanceof BerthError && error.code === "LINK_BROKEN",
			);
		});

		test("a watch that is ended says no more", async (t) => {
			const { driver } = await start(t);
			const events = new DriverEvents(driver);
			await events.until("engine-up");
			const container = await driver.ensure(first);
			await events[Symbol.asyncDispose]();
			const seen = events.seen.length;
			await driver.remove(container.instanceId);
			assert.equal(events.seen.length, seen);
		});
	});
}
