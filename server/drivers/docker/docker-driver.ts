/** Pool containers at a Docker engine. */
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerDriver, DriverEvent, FoundContainer, PoolContainer } from "../../core/container-driver.ts";
import type { Log } from "../../core/log.ts";
import { BerthError } from "../../protocol/errors.ts";
import { Ordinal } from "../../protocol/ids.ts";
import { AgentAccess, type AgentAddress } from "./agent-access.ts";
import { awaitAgent } from "./agent-start.ts";
import { publicAddressesOfThisHost } from "./closed-addresses.ts";
import { deviationsOf } from "./container-check.ts";
import { lastLogLines } from "./container-log.ts";
import { type ContainerSettings, type ContainerSpec, containerName, containerSpec, LABELS } from "./container-spec.ts";
import type { DockerEndpoint } from "./docker-endpoint.ts";
import { type EgressSettings, egressRules } from "./egress-rules.ts";
import { asUnreachable, Engine, EngineRefusal } from "./engine.ts";
import { watchEngine } from "./engine-watch.ts";
import { type HardeningTarget, harden, isHardened } from "./hardening.ts";
import { LinkFolders } from "./link-folders.ts";
import { LinkSharing } from "./link-sharing.ts";
import { applyRules, rulesProof } from "./network-rules.ts";
import { PoolContainers, type StandingContainer } from "./pool-containers.ts";
import { PoolNetwork } from "./pool-network.ts";

export type DockerDriverOptions = ContainerSettings & {
	engine: DockerEndpoint;
	/**
	 * Absolute path of the folder for the agents' sockets, used where the engine turns out to share it. Null: links go
	 * through `docker exec`.
	 */
	linkDir: string | null;
	egress: EgressSettings;
	/** A container whose agent has not answered by then has failed, ms. */
	agentStartLimitMs?: number;
	log: Log;
};

const POOL_NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;
const LARGEST_ORDINAL = Ordinal.parse(10_000);
/** An agent alone on its core is there in 0.3 s; this allows for a host on which everything starts at once. */
const AGENT_START_LIMIT_MS = 30_000;
/** Another gateway may be making the same container: its name is taken before the engine shows it, 2 s at worst. */
const CREATE_ATTEMPTS = 20;
const CREATE_PAUSE_MS = 100;

export class DockerDriver implements ContainerDriver {
	readonly isolation = "containers";
	readonly #options: DockerDriverOptions;
	readonly #engine: Engine;
	readonly #containers: PoolContainers;
	readonly #access: AgentAccess;
	readonly #sharing: LinkSharing;
	readonly #network: PoolNetwork;

	constructor(options: DockerDriverOptions) {
		const { engine, linkDir, poolName, image, network, log } = options;
		if (!POOL_NAME.test(poolName)) throw new Error(`${JSON.stringify(poolName)} is no name for a pool`);
		this.#options = options;
		this.#engine = new Engine(engine);
		this.#containers = new PoolContainers(this.#engine);
		this.#access = new AgentAccess(this.#engine, log);
		this.#network = new PoolNetwork({ engine: this.#engine, poolName, isWanted: network === null, log });
		const isSameHost = "socketPath" in engine;
		const longestName = containerName(poolName, LARGEST_ORDINAL);
		const folders = linkDir !== null && isSameHost ? new LinkFolders(linkDir, longestName) : null;
		this.#sharing = new LinkSharing({
			engine: this.#engine,
			containers: this.#containers,
			folders,
			poolName,
			image,
			log,
		});
	}

	async inspect(): Promise<FoundContainer[]> {
		const [listed, imageId] = await Promise.all([
			this.#containers.list(this.#options.poolName),
			this.#containers.findImageId(this.#options.image),
		]).catch((error: unknown) => {
			throw asUnreachable(error);
		});
		return Promise.all(
			listed.map(async ({ id, name, labels, isRunning }) => {
				const ordinal = ordinalOf(labels);
				const spec = ordinal !== null && imageId !== null ? await this.#spec(ordinal, imageId) : null;
				return { name, instanceId: id, ordinal, isRunning, isCurrent: spec?.hash === labels[LABELS.spec] };
			}),
		);
	}

	async ensure(ordinal: Ordinal): Promise<PoolContainer> {
		try {
			const imageId = await this.#containers.findImageId(this.#options.image);
			if (imageId === null) throw new BerthError("IMAGE_MISSING", { detail: this.#options.image });
			return await this.#ensure(await this.#spec(ordinal, imageId));
		} catch (error) {
			if (!(error instanceof EngineRefusal)) throw error;
			const detail = `${containerName(this.#options.poolName, ordinal)}: ${error.message}`;
			throw new BerthError("CONTAINER_FAILED", { detail, cause: error });
		}
	}

	async connect({ ordinal, instanceId }: PoolContainer): Promise<Duplex> {
		return this.#access.connect(await this.#addressOf(ordinal, instanceId));
	}

	async remove(instanceId: string): Promise<void> {
		const standing = await this.#containers.find(instanceId);
		if (standing === null) return;
		await this.#containers.remove(instanceId);
		const ordinal = ordinalOf(standing.labels);
		if (ordinal === null) return;
		const folders = await this.#sharing.usableFolders();
		await folders?.remove(containerName(this.#options.poolName, ordinal));
	}

	async watch(onEvent: (event: DriverEvent) => void, signal: AbortSignal): Promise<void> {
		const { poolName, log } = this.#options;
		await watchEngine({ engine: this.#engine, poolName, onEvent, log, signal });
	}

	async #ensure(spec: ContainerSpec): Promise<PoolContainer> {
		let standing = await this.#containers.find(spec.name);
		if (standing !== null && isUsable(standing, spec)) {
			try {
				return await this.#adopt(standing, spec);
			} catch (err) {
				if (!(err instanceof BerthError) || err.code !== "CONTAINER_FAILED") throw err;
				this.#options.log.warn({ err, container: spec.name }, "replacing a container whose agent does not answer");
				await this.#containers.remove(standing.id);
				standing = null;
			}
		}
		return this.#makeReady(spec, await this.#create(spec, standing));
	}

	async #adopt({ id, isNew, isPaused }: StandingContainer, spec: ContainerSpec): Promise<PoolContainer> {
		if (isNew) await this.#containers.start(id);
		if (isPaused) await this.#containers.unpause(id);
		return this.#makeReady(spec, id, { mayBeHardened: !isNew });
	}

	/** Starts a container made from the specification, in the place of what stands there. Returns its id. */
	async #create(spec: ContainerSpec, standing: StandingContainer | null): Promise<string> {
		let found = standing;
		for (let attempt = 0; attempt < CREATE_ATTEMPTS; attempt++) {
			const id = found !== null && isUsable(found, spec) ? found.id : await this.#createInPlaceOf(spec, found);
			if (id !== null) {
				await this.#containers.start(id);
				return id;
			}
			await sleep(CREATE_PAUSE_MS);
			found = await this.#containers.find(spec.name);
		}
		throw new BerthError("CONTAINER_FAILED", { detail: `${spec.name}: somebody else keeps taking its name` });
	}

	/** Null where somebody else took the name meanwhile. */
	async #createInPlaceOf(spec: ContainerSpec, obstacle: StandingContainer | null): Promise<string | null> {
		if (obstacle !== null) await this.#clear(spec, obstacle);
		const folders = await this.#sharing.usableFolders();
		await folders?.prepare(spec.name);
		return this.#containers.create(spec, await this.#network.prepare());
	}

	async #clear(spec: ContainerSpec, obstacle: StandingContainer): Promise<void> {
		const { poolName, log } = this.#options;
		if (obstacle.labels[LABELS.pool] !== poolName || ordinalOf(obstacle.labels) !== spec.ordinal) {
			const detail = `${spec.name}: a container that is not of this pool has the name; rename or remove it`;
			throw new BerthError("CONTAINER_FAILED", { detail });
		}
		const container = spec.name;
		if (obstacle.isRunning) {
			const deviations = deviationsOf(spec, obstacle.hostConfig);
			log.info({ container, deviations }, "replacing a container that deviates from its specification");
		} else {
			const err = await lastLogLines(this.#engine, obstacle.id);
			const { exitCode, isOutOfMemory } = obstacle;
			log.warn({ container, exitCode, isOutOfMemory, err }, "replacing a container that has ended");
		}
		await this.#containers.remove(obstacle.id);
	}

	async #makeReady(spec: ContainerSpec, containerId: string, { mayBeHardened = false } = {}): Promise<PoolContainer> {
		const { name: containerName, ordinal } = spec;
		const { poolName, image, agentStartLimitMs: limitMs = AGENT_START_LIMIT_MS } = this.#options;
		const address = await this.#addressOf(ordinal, containerId);
		const [agent, hardened] = await Promise.allSettled([
			awaitAgent({ engine: this.#engine, containers: this.#containers, access: this.#access, address, limitMs }),
			this.#harden(spec, { containerId, containerName, poolName, image }, mayBeHardened),
		]);
		// A container that ended cannot be hardened either, and why it ended says more.
		if (agent.status === "rejected") throw agent.reason;
		if (hardened.status === "rejected") throw hardened.reason;
		return { ordinal, name: containerName, instanceId: containerId };
	}

	async #harden(spec: ContainerSpec, target: HardeningTarget, mayBeHardened: boolean): Promise<void> {
		const { hostConfig, surroundings } = await this.#containers.inspect(target.containerId);
		const deviations = deviationsOf(spec, hostConfig);
		if (deviations.length > 0) {
			const detail = `${spec.name}: the engine gave it another ${deviations.join(", ")} than was asked for`;
			throw new BerthError("NOT_HARDENED", { detail });
		}
		const rules = egressRules(this.#options.egress, [...surroundings, ...publicAddressesOfThisHost()]);
		const isFresh = !mayBeHardened;
		if (!isFresh && (await isHardened(this.#engine, target.containerId, rulesProof(rules)))) return;
		// Both to their end, also where one fails: neither leaves its helper behind.
		const done = await Promise.allSettled([
			harden(this.#engine, target),
			applyRules(this.#engine, target, rules, isFresh),
		]);
		for (const each of done) if (each.status === "rejected") throw each.reason;
	}

	async #spec(ordinal: Ordinal, imageId: string): Promise<ContainerSpec> {
		const folders = await this.#sharing.usableFolders();
		const name = containerName(this.#options.poolName, ordinal);
		return containerSpec(this.#options, ordinal, imageId, folders?.folderOf(name) ?? null);
	}

	async #addressOf(ordinal: Ordinal, containerId: string): Promise<AgentAddress> {
		const folders = await this.#sharing.usableFolders();
		return { containerId, containerName: containerName(this.#options.poolName, ordinal), folders };
	}
}

function isUsable({ hostConfig, isRunning, isNew, labels }: StandingContainer, spec: ContainerSpec): boolean {
	if (!isRunning && !isNew) return false;
	if (labels[LABELS.spec] !== spec.hash || labels[LABELS.ordinal] !== String(spec.ordinal)) return false;
	return deviationsOf(spec, hostConfig).length === 0;
}

/** Null for helpers, and for whatever else has the pool's label without being one of its containers. */
function ordinalOf(labels: Record<string, string>): Ordinal | null {
	if (labels[LABELS.role] !== undefined) return null;
	return Ordinal.safeParse(Number(labels[LABELS.ordinal])).data ?? null;
}
