/** The pool's own network: made, kept, replaced and removed with the containers in it; and the rules of each of them. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { DockerDriverOptions } from "../../server/drivers/docker/docker-driver.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import {
	type DockerUnderTest,
	docker,
	dockerUnderTest,
	INTERNET,
	POOL_IMAGE,
} from "../support/docker-driver-under-test.ts";

const first = Ordinal.parse(1);
const second = Ordinal.parse(2);
const UNBOUNDED = { ...INTERNET, policy: "open", connectionsPerSecond: null, bytesPerSecond: null } as const;

function start(t: TestContext, changes?: Partial<DockerDriverOptions>): DockerUnderTest {
	const underTest = dockerUnderTest(changes);
	t.after(() => underTest[Symbol.asyncDispose]());
	return underTest;
}

async function inspectNetwork(
	name: string,
): Promise<{ Id: string; Labels: object; Options: object; Containers: object }> {
	return JSON.parse((await docker("network", "inspect", name)).slice(1, -1));
}

async function networksNamed(name: string): Promise<string> {
	return await docker("network", "ls", "--quiet", `--filter=name=^${name}$`);
}

test("the network is made once for many containers, carries the pool's label, and keeps its containers apart", async (t) => {
	const { driver, pool } = start(t);
	await Promise.all([driver.ensure(first), driver.ensure(second)]);
	const { Labels, Options, Containers } = await inspectNetwork(pool.network);
	assert.equal(Object(Labels)["berth.pool"], pool.name);
	assert.deepEqual(Options, { "com.docker.network.bridge.enable_icc": "false" });
	assert.equal(Object.keys(Containers).length, 2);
});

test("a network that was made from another specification is replaced, together with the containers in it", async (t) => {
	const { driver, pool } = start(t);
	const labels = [`--label=berth.pool=${pool.name}`, "--label=berth.spec=old"];
	await docker("network", "create", ...labels, pool.network);
	const { Id } = await inspectNetwork(pool.network);
	await docker(
		"run",
		"--detach",
		"--name",
		`${pool.network}-old`,
		...labels,
		`--network=${pool.network}`,
		"--entrypoint=sleep",
		POOL_IMAGE,
		"60",
	);
	await driver.ensure(first);
	assert.notEqual((await inspectNetwork(pool.network)).Id, Id);
});

test("a network that only has the name is left alone, and said", async (t) => {
	const { driver, pool } = start(t);
	await docker("network", "create", pool.network);
	await assert.rejects(driver.ensure(first), (error) => {
		assert.ok(error instanceof BerthError);
		assert.equal(error.code, "CONTAINER_FAILED");
		assert.match(error.detail ?? "", /a network that is not of this pool has the name; remove it, or name one in/);
		return true;
	});
	assert.deepEqual((await inspectNetwork(pool.network)).Labels, {});
});

test("where the operator names a network the pool's own is removed when the last container has left it", async (t) => {
	const { driver, restart, pool } = start(t);
	await Promise.all([driver.ensure(first), driver.ensure(second)]);
	const named = restart({ network: "bridge" });
	await named.ensure(first);
	assert.notEqual(await networksNamed(pool.network), "");
	await named.ensure(second);
	assert.equal(await networksNamed(pool.network), "");
	await restart().ensure(first);
	assert.notEqual(await networksNamed(pool.network), "", "and made again where none is named");
});

test("another policy is put in place in a container that goes on", async (t) => {
	const { driver, restart, run } = start(t);
	const { instanceId, name } = await driver.ensure(first);
	const policies = [{ ...INTERNET, policy: "none" as const }, UNBOUNDED, INTERNET];
	const marks = [await run(name, "cat /run/berth-network")];
	for (const egress of policies) {
		assert.equal((await restart({ egress }).ensure(first)).instanceId, instanceId);
		marks.push(await run(name, "cat /run/berth-network 2>/dev/null || echo none"));
	}
	assert.deepEqual([marks[2], marks[3]], ["none", marks[0]]);
	assert.equal(new Set(marks).size, 3);
});

test("nobody in a container can read or forge the mark of its rules", async (t) => {
	const { driver, run } = start(t);
	const { name } = await driver.ensure(first);
	const asUser = "setpriv --reuid=20001 --regid=20001 --clear-groups --bounding-set=-all -- sh -c";
	const said = await run(
		name,
		`${asUser} 'cat /run/berth-network; rm -f /run/berth-network; echo x > /run/berth-network' 2>&1 || true`,
	);
	assert.equal(said.match(/Permission denied/g)?.length, 3, said);
});

test("a container without bounds needs no nftables", async (t) => {
	const { deriveImage, restart } = start(t);
	const image = await deriveImage("rm /usr/sbin/nft");
	await restart({ image, egress: UNBOUNDED }).ensure(first);
});
