/** One-shot containers that do one thing for the pool and are gone: same image, next to no rights, no network of their own. */
import { randomBytes } from "node:crypto";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import { lastLogLines } from "./container-log.ts";
import { HELPER_ROLE, LABELS } from "./container-spec.ts";
import { type Engine, hasStatus } from "./engine.ts";

export type HelperTask = {
	/** What it does and to what, for people who see it in a list of containers. */
	name: string;
	poolName: string;
	image: string;
	/** Run as the helper's root, without a shell. */
	command: string[];
	/** On top of what every helper has. */
	hostConfig: HostConfig;
};

export type HelperResult = {
	exitCode: number /** What it wrote; undefined where it succeeded or wrote nothing. */;
	log: Error | undefined;
};

const HELPER_MEMORY_BYTES = 64 * 1024 * 1024;
const HELPER_PIDS = 32;

/** Runs the command to its end. Throws `EngineRefusal` where it cannot be run, `BerthError` ENGINE_UNREACHABLE. */
export async function runHelper(engine: Engine, task: HelperTask): Promise<HelperResult> {
	const id = await engine.request(
		async (client, abortSignal) => (await client.createContainer({ ...helperSpec(task), abortSignal })).id,
	);
	try {
		await engine.request((client, abortSignal) => client.getContainer(id).start({ abortSignal }));
		const { StatusCode: exitCode } = await engine.request((client, abortSignal) =>
			client.getContainer(id).wait({ abortSignal }),
		);
		return { exitCode, log: exitCode === 0 ? undefined : await lastLogLines(engine, id) };
	} finally {
		await removeHelper(engine, id);
	}
}

async function removeHelper(engine: Engine, id: string): Promise<void> {
	try {
		await engine.request((client, abortSignal) =>
			client.getContainer(id).remove({ force: true, v: true, abortSignal }),
		);
	} catch (error) {
		if (!hasStatus(error, 404, 409)) throw error;
	}
}

/** The name is made unique, because several gateways may help at once, and one that was killed leaves its helper. */
function helperSpec({ name, poolName, image, command, hostConfig }: HelperTask): ContainerCreateOptions {
	return {
		name: `${name}-${randomBytes(4).toString("hex")}`,
		Image: image,
		User: "0:0",
		Entrypoint: command.slice(0, 1),
		Cmd: command.slice(1),
		Healthcheck: { Test: ["NONE"] },
		Labels: { [LABELS.pool]: poolName, [LABELS.role]: HELPER_ROLE },
		HostConfig: {
			NetworkMode: "none",
			ReadonlyRootfs: true,
			CapDrop: ["ALL"],
			SecurityOpt: ["no-new-privileges:true"],
			Memory: HELPER_MEMORY_BYTES,
			MemorySwap: HELPER_MEMORY_BYTES,
			PidsLimit: HELPER_PIDS,
			RestartPolicy: { Name: "no" },
			LogConfig: { Type: "json-file", Config: {} },
			...hostConfig,
		},
	};
}
