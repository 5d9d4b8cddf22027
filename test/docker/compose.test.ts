/** The compose file, with whichever Compose is here: the gateway as a container gives people a shell. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { PageClient } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
const PORT = 39_117;

async function composeCommand(): Promise<[string, ...string[]]> {
	const hasPlugin = await run("docker", ["compose", "version"]).then(
		() => true,
		() => false,
	);
	return hasPlugin ? ["docker", "compose"] : ["docker-compose"];
}

test("the gateway runs as a container, unprivileged and read-only, and serves shells", async (t) => {
	const pool = new TestPool();
	const links = mkdtempSync(join(tmpdir(), "berth-links-"));
	const environment = {
		...process.env,
		DOCKER_GID: String(statSync("/var/run/docker.sock").gid),
		GATEWAY_IMAGE: `berth-${pool.name}-gateway`,
		LINK_DIR: links,
		MAX_CONTAINERS: "1",
		POOL_NAME: pool.name,
		WORKSPACE_VOLUME: pool.volume,
		PUBLISH: `127.0.0.1:${PORT}`,
	};
	const [command, ...first] = await composeCommand();
	const compose = (...rest: string[]) =>
		run(command, [...first, "-f", "docker-compose-multi-user.yml", "-p", `berth-${pool.name}`, ...rest], {
			cwd: ROOT,
			env: environment,
			maxBuffer: 64 * 1024 * 1024,
		});
	t.after(async () => {
		await compose("down", "--volumes", "--rmi", "local");
		await pool[Symbol.asyncDispose]();
		await pool.docker.getImage(environment.GATEWAY_IMAGE).remove({ force: true });
		rmSync(links, { recursive: true });
	});

	await compose("up", "--build", "--detach");
	const base = `http://127.0.0.1:${PORT}`;
	while (!(await fetch(`${base}/readyz`).catch(() => null))?.ok) await sleep(200);

	using page = await PageClient.connect(base);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "whoami"), page.welcome?.user.username);
	const [found] = await pool.docker.listContainers({ filters: { ancestor: [environment.GATEWAY_IMAGE] } });
	const { HostConfig, Config } = await pool.docker.getContainer(found?.Id ?? "").inspect();
	assert.equal(Config.User, "berth");
	assert.equal(HostConfig.ReadonlyRootfs, true);
	assert.deepEqual(HostConfig.CapAdd ?? [], []);
	const inside = [
		"exec",
		found?.Id ?? "",
		"sh",
		"-c",
		"grep -hE '^(Uid|CapPrm|CapBnd|NoNewPrivs)' /proc/[0-9]*/status",
	];
	const { stdout: rights } = await run("docker", inside);
	assert.deepEqual([...new Set(rights.replaceAll("\t", " ").trim().split("\n"))].toSorted(), [
		"CapBnd: 0000000000000000",
		"CapPrm: 0000000000000000",
		"NoNewPrivs: 1",
		"Uid: 990 990 990 990",
	]);
	assert.match((await run("ls", ["-la", join(links, pool.containerName(1))])).stdout, /srw-rw---- .* agent\.sock/);
});
