/** The container side: the driver, and the pool of what it makes. */
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { Config } from "../config.ts";
import type { ContainerDriver } from "../core/container-driver.ts";
import { homesRecorder } from "../core/homes.ts";
import type { Log } from "../core/log.ts";
import { Pool } from "../core/pool/pool.ts";
import { DockerDriver } from "../drivers/docker/docker-driver.ts";
import { parseDockerEndpoint } from "../drivers/docker/docker-endpoint.ts";
import { LocalDriver } from "../drivers/local/local-driver.ts";
import type { SqlitePlaces } from "../store/sqlite-places.ts";

export function createDriver(config: Config, log: Log): ContainerDriver {
	if (!config.USE_CONTAINERS) return new LocalDriver({ dataDir: config.DATA_DIR, log });
	return new DockerDriver({
		engine: parseDockerEndpoint(config),
		poolName: config.POOL_NAME,
		image: config.CONTAINER_IMAGE,
		users: {
			memoryBytes: config.CONTAINER_MEMORY,
			cpus: config.CONTAINER_CPUS,
			processes: config.CONTAINER_PIDS_LIMIT,
		},
		agent: { memoryBytes: config.AGENT_MEMORY, cpus: config.AGENT_CPUS },
		network: config.CONTAINER_NETWORK,
		runtime: config.CONTAINER_RUNTIME,
		volume: config.WORKSPACE_VOLUME,
		egress: {
			policy: config.EGRESS_POLICY,
			allowed: config.EGRESS_ALLOW,
			denied: config.EGRESS_DENY,
			connectionsPerSecond: config.USER_CONNECTION_RATE,
			bytesPerSecond: config.USER_BANDWIDTH,
		},
		linkDir: resolve(config.LINK_DIR ?? join(config.DATA_DIR, "links")),
		log,
	});
}

export function createPool(
	config: Config,
	driver: ContainerDriver,
	store: SqlitePlaces,
	log: Log,
	onUserEvent: ConstructorParameters<typeof Pool>[0]["onUserEvent"],
): Pool {
	const recordHomes = homesRecorder(store, log);
	return new Pool({
		driver,
		// Without containers there is one place, which all share.
		size: driver.isolation === "none" ? 1 : config.MAX_CONTAINERS,
		hello: {
			gateway: `${hostname()}:${process.pid}`,
			policy: {
				assignmentTtlMs: config.ASSIGNMENT_TTL,
				replayBytes: config.REPLAY_BUFFER,
				diskGraceMs: config.USER_DISK_GRACE,
				egress: driver.isolation === "none" ? null : config.EGRESS_POLICY,
			},
		},
		onUserEvent,
		// Without accounts all homes have one owner, who is nobody's uid.
		prepare: driver.isolation === "none" ? async () => {} : recordHomes,
		log,
	});
}
