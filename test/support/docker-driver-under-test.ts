/** A Docker driver with a pool, a volume and a folder for sockets of its own, of which nothing stays. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DockerDriver, type DockerDriverOptions } from "../../server/drivers/docker/docker-driver.ts";
import type { EgressSettings } from "../../server/drivers/docker/egress-rules.ts";
import type { DriverUnderTest } from "../conformance/container-driver.ts";
import { RecordingLog } from "./recording-log.ts";
import { TestPool } from "./test-pool.ts";

/** The image under test; another one may be named to try it. */
export const POOL_IMAGE = process.env.CONTAINER_IMAGE ?? "terminal-multi-user:latest";

/** As the gateway has it by default. */
export const INTERNET: EgressSettings = {
	policy: "internet",
	allowed: [],
	denied: [],
	connectionsPerSecond: 50,
	bytesPerSecond: 10 * 1024 * 1024,
};

export type DockerUnderTest = DriverUnderTest & {
	driver: DockerDriver;
	pool: TestPool;
	log: RecordingLog;
	linkDir: string;
	/** Another driver for the same pool, as after a restart of the gateway with these settings. */
	restart(changes?: Partial<DockerDriverOptions>): DockerDriver;
	/** Runs a shell command as the container's root and returns what it printed. */
	run(containerName: string, command: string): Promise<string>;
	/** Makes an image from the pool's, changed by a shell command, that is removed at the end. Returns its name. */
	deriveImage(command: string, changes?: string[]): Promise<string>;
};

export function dockerUnderTest(changes: Partial<DockerDriverOptions> = {}): DockerUnderTest {
	const pool = new TestPool();
	const linkDir = mkdtempSync(join(tmpdir(), "berth-links-"));
	const log = new RecordingLog();
	const images: string[] = [];
	const restart = (more: Partial<DockerDriverOptions> = {}): DockerDriver =>
		new DockerDriver({
			engine: { socketPath: "/var/run/docker.sock" },
			poolName: pool.name,
			image: POOL_IMAGE,
			users: { memoryBytes: 256 * 1024 * 1024, cpus: 0.5, processes: 256 },
			agent: { memoryBytes: 128 * 1024 * 1024, cpus: 0.5 },
			network: null,
			egress: INTERNET,
			runtime: null,
			volume: pool.volume,
			linkDir,
			log,
			...changes,
			...more,
		});
	return {
		driver: restart(),
		pool,
		log,
		linkDir,
		restart,
		kill: async ({ instanceId }) => {
			const container = pool.docker.getContainer(instanceId);
			await container.kill();
			await container.wait();
		},
		run: (containerName, command) => docker("exec", "--user=root", containerName, "sh", "-c", command),
		deriveImage: async (command, dockerfileChanges = []) => {
			const image = `${pool.name}-${images.length}:latest`;
			// By id as well: a test may give the name to another image.
			images.push(image, await derive(`${pool.name}-derive`, image, command, dockerfileChanges));
			return image;
		},
		[Symbol.asyncDispose]: async () => {
			await pool[Symbol.asyncDispose]();
			rmSync(linkDir, { recursive: true });
			for (const image of images) await pool.docker.getImage(image).remove().catch(ignoreGone);
		},
	};
}

export async function docker(...args: string[]): Promise<string> {
	const { stdout } = await promisify(execFile)("docker", args);
	return stdout.trim();
}

function ignoreGone(error: unknown): void {
	if (Object(error).statusCode !== 404) throw error;
}

/** Returns the new image's id. */
async function derive(container: string, image: string, command: string, changes: string[]): Promise<string> {
	const entrypoint = await docker("image", "inspect", "--format={{json .Config.Entrypoint}}", POOL_IMAGE);
	const cmd = await docker("image", "inspect", "--format={{json .Config.Cmd}}", POOL_IMAGE);
	const original = [`ENTRYPOINT ${entrypoint}`, ...(cmd === "null" ? ["CMD []"] : [`CMD ${cmd}`])];
	try {
		await docker("run", `--name=${container}`, "--user=root", "--entrypoint=sh", POOL_IMAGE, "-c", command);
		const all = [...original, ...changes].map((change) => `--change=${change}`);
		return await docker("commit", ...all, container, image);
	} finally {
		await docker("rm", "--force", container);
	}
}
