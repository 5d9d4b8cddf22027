/** The gateway's way to the engine: a filter with the list of engine-calls.ts lies in between for a pool's whole life. */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { type TestContext, test } from "node:test";
import Docker from "dockerode";
import { LABELS } from "../../server/drivers/docker/container-spec.ts";
import { ENGINE_CALLS, findEngineCall } from "../../server/drivers/docker/engine-calls.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { agentHello } from "../conformance/container-driver.ts";
import { type DockerUnderTest, docker, dockerUnderTest, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { DriverEvents } from "../support/driver-events.ts";
import { EngineFilter } from "../support/engine-filter.ts";

const first = Ordinal.parse(1);

async function start(t: TestContext): Promise<{ filter: EngineFilter; underTest: DockerUnderTest }> {
	const filter = await EngineFilter.start();
	const underTest = dockerUnderTest({ engine: { socketPath: filter.socketPath } });
	t.after(async () => {
		await underTest[Symbol.asyncDispose]();
		await filter[Symbol.asyncDispose]();
	});
	return { filter, underTest };
}

test("a pool lives its whole life with the calls that are listed, and needs each of them", async (t) => {
	const { filter, underTest } = await start(t);
	const { driver, kill, pool, restart } = underTest;
	await using events = new DriverEvents(driver);
	await events.until("engine-up");

	// Somebody is in a network of an older Berth, which is replaced.
	const labels = [`--label=${LABELS.pool}=${pool.name}`, `--label=${LABELS.spec}=older`];
	await docker("network", "create", ...labels, pool.network);
	await docker("run", "--detach", "--network", pool.network, ...labels, "--entrypoint=sleep", POOL_IMAGE, "60");

	// Made and hardened; adopted by the next gateway; paused by somebody and found again.
	const container = await driver.ensure(first);
	await agentHello(driver, container);
	assert.equal((await restart().ensure(first)).instanceId, container.instanceId);
	await pool.container(1).pause();
	assert.equal((await restart().ensure(first)).instanceId, container.instanceId);

	// Replaced by one without a shared socket, whose link goes through an exec; killed, and replaced for that.
	const byExec = restart({ linkDir: null });
	const second = await byExec.ensure(first);
	await agentHello(byExec, second);
	await kill(second);
	await events.until("container-stopped");
	const third = await byExec.ensure(first);
	assert.notEqual(third.instanceId, second.instanceId);
	const standing = await byExec.inspect();
	assert.deepEqual(standing.filter(({ ordinal }) => ordinal !== null).length, 1);
	await byExec.remove(third.instanceId);

	assert.deepEqual(filter.refused, []);
	const unused = ENGINE_CALLS.filter((call) => !filter.made.has(call));
	assert.deepEqual(unused, [], "on the list, and not needed");
});

test("whatever is not on the list is refused, whichever way it is written", async (t) => {
	const { filter } = await start(t);
	const docker = new Docker({ socketPath: filter.socketPath, ...{ agent: new Agent({ keepAlive: false }) } });
	assert.equal(String(await docker.ping()), "OK");
	for (const call of [
		() => docker.info(),
		() => docker.listImages(),
		() => docker.listVolumes(),
		() => docker.createVolume({ Name: "berth-test-refused" }),
		() => docker.getContainer("x").attach({ stream: true, hijack: true, stdin: true }),
		() => docker.getContainer("x").getArchive({ path: "/etc/shadow" }),
		() => docker.getContainer("x").update({ Memory: 0 }),
		() => docker.buildImage("/dev/null", { t: "x" }),
	]) {
		await assert.rejects(call, { statusCode: 403 });
	}
	assert.equal(filter.refused.length, 8);
	const keeping = new Docker({ socketPath: filter.socketPath, ...{ agent: new Agent({ keepAlive: true }) } });
	await assert.rejects(() => keeping.ping(), { statusCode: 403 }, "more could follow, and nobody would look");
	for (const path of [
		"/containers/json/../../info",
		"/v1.41/containers/a/b/json",
		"//info",
		"/containers/x/json/",
		"/",
	]) {
		assert.equal(findEngineCall("GET", path), null, path);
	}
	assert.equal(findEngineCall("DELETE", "/v1.41/containers/x?force=true")?.path, "/containers/{id}");
	assert.equal(findEngineCall("GET", "/images/registry.example/a/b:latest/json")?.path, "/images/{name}/json");
});
