/** The Docker driver on a real engine: the conformance suite over both kinds of link, and what Docker adds. */
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { DockerDriverOptions } from "../../server/drivers/docker/docker-driver.ts";
import { BerthError, type ErrorCode } from "../../server/protocol/errors.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { testContainerDriver } from "../conformance/container-driver.ts";
import { type DockerUnderTest, docker, dockerUnderTest, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import type { TestPool } from "../support/test-pool.ts";

const first = Ordinal.parse(1);

function start(t: TestContext, changes?: Partial<DockerDriverOptions>): DockerUnderTest {
	const underTest = dockerUnderTest(changes);
	t.after(() => underTest[Symbol.asyncDispose]());
	return underTest;
}

async function rejectsWith(promise: Promise<unknown>, code: ErrorCode, detail: RegExp): Promise<BerthError> {
	const error = await promise.then(
		() => assert.fail(`${code} was expected`),
		(thrown: unknown) => thrown,
	);
	assert.ok(error instanceof BerthError, String(error));
	assert.equal(error.code, code);
	assert.match(error.detail ?? "", detail);
	return error;
}

testContainerDriver("the Docker driver with shared sockets", async () => dockerUnderTest());
testContainerDriver("the Docker driver through docker exec", async () => dockerUnderTest({ linkDir: null }));

test("a container is as hardened as it was specified", async (t) => {
	const { driver, run } = start(t);
	const { name } = await driver.ensure(first);
	const status = await run(name, "cat /proc/1/status");
	// CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID, SETPCAP: bits 0, 1, 3, 5, 6, 7, 8.
	assert.match(status, /^CapBnd:\s+00000000000001eb$/m);
	assert.match(status, /^CapEff:\s+00000000000001eb$/m);
	assert.match(status, /^NoNewPrivs:\s+1$/m);
	assert.match(status, /^Seccomp:\s+2$/m);
	assert.match(await run(name, "grep ' /proc proc ' /proc/mounts"), /hidepid=(2|invisible)/);
	assert.match(await run(name, "touch /etc/x /usr/x 2>&1 || true"), /Read-only file system\n.*Read-only file system/);
	assert.equal(await run(name, "stat -c '%a' /tmp /var/tmp /run /run/berth"), "1777\n1777\n755\n2770");
	assert.match(await run(name, "grep ' /tmp ' /proc/mounts"), /nosuid,nodev/);
	assert.equal(await run(name, "hostname"), name);
	const { HostConfig } = JSON.parse((await docker("inspect", name)).slice(1, -1));
	assert.equal(HostConfig.Memory, HostConfig.MemorySwap);
	assert.equal(HostConfig.PidsLimit, 256 + 128);
});

test("an account sees no processes but its own, and can do nothing about it", async (t) => {
	const { driver, run } = start(t);
	const { name } = await driver.ensure(first);
	const asUser = (command: string) =>
		run(
			name,
			`setpriv --reuid=20001 --regid=20001 --clear-groups --bounding-set=-all -- sh -c "${command}" 2>&1 || true`,
		);
	assert.equal(await asUser("ls -d /proc/1"), "ls: cannot access '/proc/1': No such file or directory");
	assert.match(await asUser("mount -o remount,hidepid=0 /proc"), /must be superuser|permission denied|not permitted/i);
	assert.match(await asUser("ls /run/berth"), /Permission denied/);
	assert.match(await asUser("socat - UNIX-CONNECT:/run/berth/agent.sock"), /Permission denied/);
});

test("the agent's root sees processes although they are hidden", async (t) => {
	const { driver, run } = start(t);
	const { name } = await driver.ensure(first);
	const seen = await run(
		name,
		"setpriv --reuid=20001 --regid=20001 --clear-groups sleep 1 & sleep 0.2; stat -c %u /proc/$!",
	);
	assert.equal(seen, "20001");
});

test("another limit, image or network replaces the container; the same settings adopt it", async (t) => {
	const { driver, restart, deriveImage } = start(t);
	const one = await driver.ensure(first);
	assert.equal((await restart().ensure(first)).instanceId, one.instanceId);

	const smaller = restart({ users: { memoryBytes: 200 * 1024 * 1024, cpus: 0.5, processes: 256 } });
	assert.equal((await smaller.inspect())[0]?.isCurrent, false);
	const two = await smaller.ensure(first);
	assert.notEqual(two.instanceId, one.instanceId);
	assert.equal((await smaller.inspect())[0]?.isCurrent, true);
	assert.equal((await smaller.inspect()).length, 1);

	const image = await deriveImage("true");
	const three = await restart({ image }).ensure(first);
	await docker("tag", POOL_IMAGE, image);
	const four = await restart({ image }).ensure(first);
	assert.notEqual(four.instanceId, three.instanceId, "a name that stands for another image is drift");
});

test("a container whose limits somebody has changed since is replaced, and it is said what deviates", async (t) => {
	const { driver, log } = start(t);
	const one = await driver.ensure(first);
	await docker("update", "--pids-limit=4000", "--memory=1g", "--memory-swap=1g", one.name);
	const two = await driver.ensure(first);
	assert.notEqual(two.instanceId, one.instanceId);
	const line = log.lines.find(({ message }) => message.includes("deviates"));
	assert.deepEqual(line?.fields.deviations, ["Memory", "MemorySwap", "PidsLimit"]);
});

test("a gateway that starts again takes over what is hardened without a helper, and hardens what is not", async (t) => {
	const { driver, restart, run, pool } = start(t);
	const { name } = await driver.ensure(first);
	const since = Date.now() / 1000;
	const again = restart();
	await again.ensure(first);
	assert.deepEqual(await createdSince(pool, since), []);
	await docker("restart", "--time=1", name);
	await again.ensure(first);
	assert.deepEqual((await createdSince(pool, since)).toSorted(), [`${name}-harden`, `${name}-network`]);
	assert.match(await run(name, "grep ' /proc proc ' /proc/mounts"), /hidepid=(2|invisible)/);
});

/** Names of the pool's containers that the engine made since then (Unix time, s), without what makes them unique. */
async function createdSince(pool: TestPool, since: number): Promise<string[]> {
	const filters = ["type=container", "event=create", `label=berth.pool=${pool.name}`];
	const names = await docker(
		...["events", `--since=${since}`, `--until=${Date.now() / 1000}`, "--format={{.Actor.Attributes.name}}"],
		...filters.map((filter) => `--filter=${filter}`),
	);
	return names === "" ? [] : names.split("\n").map((name) => name.replace(/-[0-9a-f]{8}$/, ""));
}

test("a paused container goes on, with everything in it", async (t) => {
	const { driver, pool } = start(t);
	const container = await driver.ensure(first);
	await pool.container(1).pause();
	assert.equal((await driver.inspect())[0]?.isRunning, false);
	assert.equal((await driver.ensure(first)).instanceId, container.instanceId);
	assert.equal((await driver.inspect())[0]?.isRunning, true);
});

test("users' files are on the volume and survive the container", async (t) => {
	const { driver, run } = start(t);
	const { name, instanceId } = await driver.ensure(first);
	await run(name, "echo kept > /workspace/file");
	await driver.remove(instanceId);
	await driver.ensure(first);
	assert.equal(await run(name, "cat /workspace/file"), "kept");
});

test("several gateways that ensure the same container at the same time get the same one", async (t) => {
	const { driver, restart } = start(t);
	const drivers = [driver, restart(), restart()];
	const outcomes = await Promise.allSettled(drivers.map((one) => one.ensure(first)));
	const instances = outcomes.map((outcome) => {
		if (outcome.status === "rejected") throw outcome.reason;
		return outcome.value.instanceId;
	});
	assert.equal(new Set(instances).size, 1);
	assert.equal((await driver.inspect()).length, 1);
});

test("each container has a socket folder of its own, which goes with it", async (t) => {
	const { driver, linkDir } = start(t);
	const containers = await Promise.all([driver.ensure(first), driver.ensure(Ordinal.parse(2))]);
	assert.deepEqual(readdirSync(linkDir).toSorted(), containers.map(({ name }) => name).toSorted());
	for (const { name } of containers) assert.equal(statSync(join(linkDir, name)).mode & 0o7777, 0o2770);
	for (const { instanceId } of containers) await driver.remove(instanceId);
	assert.deepEqual(readdirSync(linkDir), []);
});

test("a helper that was left behind is seen as nobody's, and can be removed", async (t) => {
	const { driver, pool } = start(t);
	const name = `${pool.containerName(1)}-harden-0123abcd`;
	await docker("create", "--name", name, `--label=berth.pool=${pool.name}`, "--label=berth.role=helper", POOL_IMAGE);
	const [found, ...others] = await driver.inspect();
	assert.ok(found);
	assert.deepEqual([found.name, found.ordinal, others], [name, null, []]);
	await driver.remove(found.instanceId);
	assert.deepEqual(await pool.containerNames(), []);
});

test("a container that only has the name is left alone", async (t) => {
	const { driver, pool } = start(t);
	const id = await docker("create", "--name", pool.containerName(1), POOL_IMAGE);
	t.after(() => docker("rm", "--force", id));
	await rejectsWith(driver.ensure(first), "CONTAINER_FAILED", /not of this pool has the name; rename or remove it$/);
	assert.equal(await docker("inspect", "--format={{.Id}}", pool.containerName(1)), id);
});

test("an image that does not exist is said by name", async (t) => {
	const { driver } = start(t, { image: "berth-no-such-image:latest" });
	await rejectsWith(driver.ensure(first), "IMAGE_MISSING", /^berth-no-such-image:latest$/);
	assert.deepEqual(await driver.inspect(), []);
});

test("a network that does not exist fails the container and leaves nothing", async (t) => {
	const { driver } = start(t, { network: "berth-no-such-network" });
	await rejectsWith(driver.ensure(first), "CONTAINER_FAILED", /network berth-no-such-network not found/);
	assert.deepEqual(await driver.inspect(), []);
});

test("a container that ends at once fails with its exit code, and its last words as the cause", async (t) => {
	const { driver, deriveImage, restart } = start(t);
	const image = await deriveImage("true", ['ENTRYPOINT ["sh", "-c", "echo the last words >&2; exit 42"]']);
	const error = await rejectsWith(restart({ image }).ensure(first), "CONTAINER_FAILED", /ended with exit code 42$/);
	assert.match(String(error.cause), /the last words/);
	assert.equal(
		(await driver.ensure(first)).name,
		(await driver.inspect())[0]?.name,
		"and the next one takes its place",
	);
});

test("an agent that never answers fails the container; one that stopped answering is replaced", async (t) => {
	const { driver, deriveImage, restart, run, log } = start(t, { agentStartLimitMs: 3_000 });
	const image = await deriveImage("true", ['ENTRYPOINT ["sleep", "1000"]']);
	await rejectsWith(restart({ image }).ensure(first), "CONTAINER_FAILED", /agent did not answer within 3 s$/);

	const { name, instanceId } = await driver.ensure(first);
	await run(name, "rm /run/berth/agent.sock");
	assert.notEqual((await driver.ensure(first)).instanceId, instanceId);
	assert.ok(log.lines.some(({ message }) => message === "replacing a container whose agent does not answer"));
});

for (const [what, command] of [
	["cannot be run", "rm /usr/bin/nsenter"],
	["has no nftables", "rm /usr/sbin/nft"],
	["fails to load rules", "ln -sf /bin/false /usr/sbin/nft"],
	["lies about rules", "ln -sf /bin/true /usr/sbin/nft"],
	["cannot remount", "ln -sf /bin/false /bin/mount"],
	["lies about it", "ln -sf /bin/true /bin/mount"],
] as const) {
	test(`a container whose helper ${what} is not hardened, and no helper stays`, async (t) => {
		const { deriveImage, restart, pool } = start(t);
		const driver = restart({ image: await deriveImage(command) });
		await rejectsWith(driver.ensure(first), "NOT_HARDENED", new RegExp(`^${pool.containerName(1)}: `));
		assert.deepEqual(await pool.containerNames(), [pool.containerName(1)]);
	});
}
