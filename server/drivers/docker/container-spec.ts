/** What a pool container is made from, and the hash by which a container tells whether it still is. */
import { createHash } from "node:crypto";
import type { ContainerCreateOptions, HostConfig } from "dockerode";
import type { Ordinal } from "../../protocol/ids.ts";
import { NETWORK_SPEC_HASH, networkName } from "./network-spec.ts";

export type Resources = { memoryBytes: number; cpus: number; processes: number };

export type ContainerSettings = {
	/** `[a-z0-9][a-z0-9-]{0,30}`; stands in names of containers and folders. */
	poolName: string;
	/** Reference of the image, e.g. `terminal-multi-user:latest`. */
	image: string;
	/** What its users have together. Memory includes swap; fractions of cores are fine; threads count as processes. */
	users: Resources;
	/** What the agent has on top of that. */
	agent: Pick<Resources, "memoryBytes" | "cpus">;
	/** Name of a Docker network; null for the pool's own. */
	network: string | null;
	/** Name of one of the engine's runtimes; null for the engine's own. */
	runtime: string | null;
	/** Name of the volume with everybody's home. Docker makes it where it is missing. */
	volume: string;
};

export type ContainerSpec = {
	name: string;
	ordinal: Ordinal;
	imageId: string;
	/** SHA-256 over everything below, hexadecimal. */
	hash: string;
	create: ContainerCreateOptions & { name: string };
};

export const LABELS = { pool: "berth.pool", ordinal: "berth.ordinal", spec: "berth.spec", role: "berth.role" } as const;
/** Value of `LABELS.role`: a one-shot container that works on a pool container. */
export const HELPER_ROLE = "helper";

export const WORKSPACE_PATH = "/workspace";
/** Where the agent's socket is in the container. */
export const LINK_PATH = "/run/berth";

/**
 * All that the agent's root may do: make homes (CHOWN, FOWNER, DAC_OVERRIDE), become the account (SETUID, SETGID), end
 * its programs (KILL), and empty the bounding set of its shells (SETPCAP).
 */
export const AGENT_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETPCAP", "SETUID"];

/**
 * Files in a tmpfs are memory of whoever wrote them, so what can be filled is a small share of it: accounts have a
 * temporary folder on the volume.
 */
const TMP_SHARE = 1 / 8;
const VAR_TMP_SHARE = 1 / 16;
const RUN_BYTES = 16 * 1024 * 1024;
const CPU_PERIOD_US = 100_000;
/** Threads of the agent and of what it starts for itself, of a check of its health, and of an exec that carries the link. */
const AGENT_PROCESSES = 128;

export function containerName(poolName: string, ordinal: Ordinal): string {
	return `berth-${poolName}-${ordinal}`;
}

/**
 * The specification of one container. `imageId` is what the image's name stands for now, so that a rebuilt image is a
 * deviation. `linkSource` is the host's folder for the agent's socket, null where the engine cannot share one.
 */
export function containerSpec(
	settings: ContainerSettings,
	ordinal: Ordinal,
	imageId: string,
	linkSource: string | null,
): ContainerSpec {
	const { poolName, image, users } = settings;
	const name = containerName(poolName, ordinal);
	const labels = { [LABELS.pool]: poolName, [LABELS.ordinal]: String(ordinal) };
	const create = {
		name,
		Hostname: name,
		Image: image,
		User: "0:0",
		Env: [
			...[`BERTH_CONTAINER=${name}`, `BERTH_IMAGE=${image}`, `BERTH_NETWORK=${networkOf(settings)}`],
			`BERTH_USERS_MEMORY=${users.memoryBytes}`,
			`BERTH_USERS_MILLICORES=${Math.round(users.cpus * 1000)}`,
			`BERTH_USERS_PROCESSES=${users.processes}`,
		],
		HostConfig: hostConfig(settings, linkSource),
	};
	const network = settings.network === null ? NETWORK_SPEC_HASH : null;
	const hash = createHash("sha256").update(canonicalJson({ imageId, labels, create, network })).digest("hex");
	return { name, ordinal, imageId, hash, create: { ...create, Labels: { ...labels, [LABELS.spec]: hash } } };
}

function hostConfig(settings: ContainerSettings, linkSource: string | null): HostConfig {
	const { users, agent } = settings;
	const memoryBytes = users.memoryBytes + agent.memoryBytes;
	return {
		CapDrop: ["ALL"],
		CapAdd: AGENT_CAPABILITIES,
		SecurityOpt: ["no-new-privileges:true"],
		IpcMode: "private",
		ReadonlyRootfs: true,
		Tmpfs: tmpfs(users.memoryBytes),
		Memory: memoryBytes,
		MemorySwap: memoryBytes,
		// As `NanoCpus` the engine refuses more than the host has, which is no mistake here.
		CpuPeriod: CPU_PERIOD_US,
		CpuQuota: Math.round((users.cpus + agent.cpus) * CPU_PERIOD_US),
		PidsLimit: users.processes + AGENT_PROCESSES,
		NetworkMode: networkOf(settings),
		...(settings.runtime === null ? {} : { Runtime: settings.runtime }),
		// A container that the engine restarted by itself would run without being hardened.
		RestartPolicy: { Name: "no" },
		LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "2" } },
		Mounts: mounts(settings.volume, linkSource),
	};
}

function networkOf({ network, poolName }: ContainerSettings): string {
	return network ?? networkName(poolName);
}

function tmpfs(memoryBytes: number): Record<string, string> {
	const share = (part: number): number => Math.floor(memoryBytes * part);
	return {
		"/tmp": `rw,exec,nosuid,nodev,mode=1777,size=${share(TMP_SHARE)}`,
		"/var/tmp": `rw,exec,nosuid,nodev,mode=1777,size=${share(VAR_TMP_SHARE)}`,
		"/run": `rw,noexec,nosuid,nodev,mode=755,size=${RUN_BYTES}`,
	};
}

function mounts(volume: string, linkSource: string | null): NonNullable<HostConfig["Mounts"]> {
	const workspace = { Type: "volume" as const, Source: volume, Target: WORKSPACE_PATH };
	if (linkSource === null) return [workspace];
	return [workspace, { Type: "bind", Source: linkSource, Target: LINK_PATH }];
}

/** JSON in which the order of keys does not depend on the order in which they were written. */
function canonicalJson(value: unknown): string {
	return JSON.stringify(value, (_key, inner: unknown) =>
		inner !== null && typeof inner === "object" && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
			: inner,
	);
}
