/** Containers that are lost, changed or not wanted any more, and what their users notice. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { EngineProxy } from "../support/engine-proxy.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

async function setUp(
	t: TestContext,
	settings: Record<string, string>,
): Promise<{ pool: TestPool; gateway: GatewayProcess; resources: AsyncDisposableStack }> {
	// The latest is disposed first: a gateway would bring up again what is taken from under it.
	const resources = new AsyncDisposableStack();
	t.after(() => resources.disposeAsync());
	const pool = resources.use(new TestPool(settings));
	const gateway = resources.use(await GatewayProcess.start(pool.environment));
	return { pool, gateway, resources };
}

async function arrive(t: TestContext, gateway: GatewayProcess, cookie?: string): Promise<PageClient> {
	const page = await PageClient.connect(gateway.base, cookie);
	t.after(() => page[Symbol.dispose]());
	return page;
}

const generationOf = ({ place }: PageClient) => (place?.kind === "ready" ? place.generation : null);

for (const [how, lose] of [
	["killed", (pool: TestPool) => pool.container(1).kill()],
	["removed by hand", (pool: TestPool) => pool.container(1).remove({ force: true })],
	["stopped", (pool: TestPool) => pool.container(1).stop({ t: 1 })],
] as const) {
	test(`a container that is ${how} is replaced; its users keep account and files, and are told`, async (t) => {
		const { pool, gateway } = await setUp(t, { MAX_CONTAINERS: "1" });
		const page = await arrive(t, gateway);
		await page.untilReady();
		const screen = await page.open();
		const before = await page.run(screen, "id; echo kept > ~/file");
		const generation = generationOf(page);

		await lose(pool);
		await page.until(() => generationOf(page) !== null && generationOf(page) !== generation, "another container");
		assert.deepEqual(page.closed, [{ sessionId: screen.sessionId, reason: "container-lost" }]);
		assert.ok(page.places.some((place) => place.kind === "waiting" && place.error.code === "CONTAINER_RESTARTING"));

		const again = await page.open();
		assert.equal(await page.run(again, "id; echo kept > ~/file"), before);
		assert.equal(await page.run(again, "cat ~/file"), "kept");
	});
}

test("a killed agent takes its container with it, and both come back", async (t) => {
	const { pool, gateway } = await setUp(t, { MAX_CONTAINERS: "1" });
	const page = await arrive(t, gateway);
	await page.untilReady();
	const generation = generationOf(page);
	const kill = await pool.container(1).exec({ Cmd: ["pkill", "-9", "-f", "agent/main.js"], User: "root" });
	await kill.start({});
	await page.until(() => generationOf(page) !== null && generationOf(page) !== generation, "another agent");
	assert.match(await page.run(await page.open(), "echo works"), /works/);
});

test("a place that nobody uses goes to who waits, and its owner returns to the same files", async (t) => {
	const { gateway } = await setUp(t, { MAX_CONTAINERS: "1", USERS_PER_CONTAINER: "1", ASSIGNMENT_TTL: "2s" });
	const first = await PageClient.connect(gateway.base);
	await first.untilReady();
	await first.run(await first.open(), "echo mine > ~/file");

	const second = await arrive(t, gateway);
	assert.equal(second.place?.kind === "waiting" && second.place.error.code, "POOL_FULL");
	first[Symbol.dispose]();
	await second.untilReady();
	const screen = await second.open();
	assert.equal(await second.run(screen, "ps -eo user= | sort -u"), second.welcome?.user.username);

	const back = await arrive(t, gateway, first.cookie);
	assert.equal(back.place?.kind === "waiting" && back.place.error.code, "POOL_FULL");
	second[Symbol.dispose]();
	await back.untilReady();
	assert.equal(await back.run(await back.open(), "cat ~/file"), "mine");
});

test("containers made from another specification are replaced, current ones are adopted", async (t) => {
	const { pool, gateway, resources } = await setUp(t, { MAX_CONTAINERS: "1" });
	const page = await arrive(t, gateway);
	await page.untilReady();
	const idOf = async () => (await pool.container(1).inspect()).Id;
	const first = await idOf();
	await gateway.stop();

	await gateway.start();
	await page.until(() => page.socket.connected, "the connection");
	await page.untilReady();
	assert.equal(await idOf(), first, "adopted");
	await gateway.stop();

	const changed = resources.use(await GatewayProcess.start({ ...pool.environment, CONTAINER_MEMORY: "400m" }));
	const visitor = await arrive(t, changed);
	await visitor.untilReady();
	assert.notEqual(await idOf(), first, "replaced");
	assert.equal((await pool.container(1).inspect()).HostConfig.Memory, (400 + 256) * 1024 * 1024);
});

test("containers beyond the pool's size are removed, and their users move with their files", async (t) => {
	const { pool, gateway, resources } = await setUp(t, { MAX_CONTAINERS: "2" });
	while ((await gateway.readiness()).containers.ready < 2) await new Promise((resolve) => setTimeout(resolve, 100));
	const people = [await arrive(t, gateway), await arrive(t, gateway)];
	for (const page of people) {
		await page.untilReady();
		await page.run(await page.open(), "id -u > ~/mark");
	}
	await gateway.stop();

	const changes = { MAX_CONTAINERS: "1", DATA_DIR: gateway.dataDir };
	const smaller = resources.use(await GatewayProcess.start({ ...pool.environment, ...changes }));
	for (const page of people) {
		const back = await arrive(t, smaller, page.cookie);
		await back.untilReady();
		assert.equal(back.place?.kind === "ready" && back.place.container, pool.containerName(1));
		assert.match(await back.run(await back.open(), "id -u | diff - ~/mark && echo same"), /same/);
	}
	assert.deepEqual(await pool.containerNames(), [pool.containerName(1)]);
});

test("a missing image is said on the page, and the gateway goes on by itself once it is there", async (t) => {
	const image = `berth-test-late:${process.pid}`;
	const { pool, gateway } = await setUp(t, { MAX_CONTAINERS: "1", CONTAINER_IMAGE: image });
	const page = await arrive(t, gateway);
	await page.until(
		() => page.place?.kind === "waiting" && page.place.error.code === "IMAGE_MISSING",
		"word of the missing image",
	);
	assert.equal((await gateway.readiness()).httpStatus, 503);
	await pool.docker.getImage(POOL_IMAGE).tag({ repo: "berth-test-late", tag: String(process.pid) });
	t.after(() => pool.docker.getImage(image).remove());
	await page.untilReady();
});

test("a gateway that finds no engine stays up, says so, and goes on by itself when the engine answers", async (t) => {
	const proxy = await EngineProxy.start();
	t.after(() => proxy[Symbol.asyncDispose]());
	await proxy.cut();
	const { gateway } = await setUp(t, { MAX_CONTAINERS: "1", DOCKER_HOST: `unix://${proxy.socketPath}` });
	const page = await arrive(t, gateway);
	await page.until(
		() => page.place?.kind === "waiting" && page.place.error.code === "ENGINE_UNREACHABLE",
		"word of the engine",
	);
	const { httpStatus, status } = await gateway.readiness();
	assert.deepEqual([httpStatus, status], [503, "engine-down"]);
	await proxy.restore();
	await page.untilReady();
	assert.match(await page.run(await page.open(), "echo works"), /works/);
});
