/** The compose file, with whichever Compose is here: the gateway as a container gives people a shell. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";
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

type Stage = { pool: TestPool; links: string; image: string; compose(...rest: string[]): Promise<{ stdout: string }> };

/** A pool of the test's own for these files; all that they make is gone at the end of the test. */
async function stage(t: TestContext, files: string[], extra: Record<string, string> = {}): Promise<Stage> {
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
		...extra,
	};
	const [command, ...first] = await composeCommand();
	const named = files.flatMap((file) => ["-f", file]);
	const compose = (...rest: string[]) =>
		run(command, [...first, ...named, "-p", `berth-${pool.name}`, ...rest], {
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
	return { pool, links, image: environment.GATEWAY_IMAGE, compose };
}

async function untilReady(base: string): Promise<void> {
	while (!(await fetch(`${base}/readyz`).catch(() => null))?.ok) await sleep(200);
}

test("the gateway runs as a container, unprivileged and read-only, and serves shells", async (t) => {
	const { compose, image, links, pool } = await stage(t, ["docker-compose-multi-user.yml"]);
	await compose("up", "--build", "--detach");
	const base = `http://127.0.0.1:${PORT}`;
	await untilReady(base);
	using page = await PageClient.connect(base);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "whoami"), page.welcome?.user.username);
	const [found] = await pool.docker.listContainers({ filters: { ancestor: [image] } });
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

test("with TLS and a sign-in it reads its secrets from files, and its health is asked by https", async (t) => {
	using certificate = TestCertificate.trusted();
	const secrets = { "cookie-secret": "s".repeat(64), "oidc-client-secret": "unused" };
	for (const [name, value] of Object.entries(secrets)) writeFileSync(join(certificate.folder, name), value);
	renameSync(certificate.certFile, join(certificate.folder, "fullchain.pem"));
	renameSync(certificate.keyFile, join(certificate.folder, "privkey.pem"));
	// Of no group of the container's here: tests need not be root.
	for (const name of readdirSync(certificate.folder)) chmodSync(join(certificate.folder, name), 0o644);
	chmodSync(certificate.folder, 0o755);
	const base = `https://localhost:${PORT}`;
	const files = ["docker-compose-multi-user.yml", "deploy/docker-compose.sign-in.yml"];
	const { compose, image, pool } = await stage(t, files, {
		...{ PUBLIC_URL: base, SECRETS_DIR: certificate.folder, SIGN_IN: "password,anonymous" },
	});
	await compose("up", "--build", "--detach");
	await untilReady(base);
	assert.match(await PageClient.newCookie(base), /^__Host-berth_guest=/);
	const [found] = await pool.docker.listContainers({ filters: { ancestor: [image] } });
	const gateway = pool.docker.getContainer(found?.Id ?? "");
	const healthOf = async (): Promise<string | undefined> => (await gateway.inspect()).State.Health?.Status;
	while ((await healthOf()) === "starting") await sleep(500);
	assert.equal(await healthOf(), "healthy");
	assert.doesNotMatch(JSON.stringify((await gateway.inspect()).Config.Env), /ssssssss/);
});
