/** What the driver asks of the engine about containers, each question in our words. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HostConfig } from "dockerode";
import { parsePrefix } from "../../address-prefix.ts";
import { BerthError } from "../../protocol/errors.ts";
import { type ContainerSpec, LABELS } from "./container-spec.ts";
import { type Engine, hasStatus } from "./engine.ts";

export type StandingContainer = {
	id: string;
	labels: Record<string, string>;
	/** What it has now. */
	hostConfig: HostConfig;
	isRunning: boolean;
	isPaused: boolean;
	/** Made and not started yet: another gateway is about to. */
	isNew: boolean;
	/** Of a container that has ended. */
	exitCode: number;
	isOutOfMemory: boolean;
};

export type ListedContainer = {
	id: string;
	name: string;
	labels: Record<string, string>;
	isRunning: boolean;
	/** What of the engine's host is mounted in it. */
	mounted: string[];
};

/** The engine ends a container's processes and takes its file system apart; more than this is no progress. */
const REMOVAL_LIMIT_MS = 20_000;
const REMOVAL_POLL_MS = 100;

export class PoolContainers {
	readonly #engine: Engine;

	constructor(engine: Engine) {
		this.#engine = engine;
	}

	/** What the image's name stands for now; null where there is no such image. */
	async findImageId(image: string): Promise<string | null> {
		try {
			return (await this.#engine.request((client) => client.getImage(image).inspect())).Id;
		} catch (error) {
			if (hasStatus(error, 404)) return null;
			throw error;
		}
	}

	async find(idOrName: string): Promise<StandingContainer | null> {
		try {
			const { Id, Config, HostConfig, State } = await this.#engine.request((client, abortSignal) =>
				client.getContainer(idOrName).inspect({ abortSignal }),
			);
			return {
				id: Id,
				labels: Config.Labels ?? {},
				hostConfig: HostConfig,
				isRunning: State.Running,
				isPaused: State.Paused,
				isNew: State.Status === "created",
				exitCode: State.ExitCode,
				isOutOfMemory: State.OOMKilled,
			};
		} catch (error) {
			if (hasStatus(error, 404)) return null;
			throw error;
		}
	}

	/**
	 * What a running container has, and prefixes and gateways of the networks that it is in, e.g. `172.18.0.2/16`.
	 */
	async inspect(id: string): Promise<{ hostConfig: HostConfig; surroundings: string[] }> {
		const { HostConfig: hostConfig, NetworkSettings } = await this.#engine.request((client, abortSignal) =>
			client.getContainer(id).inspect({ abortSignal }),
		);
		const prefixes = Object.values(NetworkSettings.Networks).flatMap((network) => [
			`${network.IPAddress}/${network.IPPrefixLen}`,
			network.Gateway,
			`${network.GlobalIPv6Address}/${network.GlobalIPv6PrefixLen}`,
			network.IPv6Gateway,
		]);
		// What a network does not have is empty.
		return { hostConfig, surroundings: prefixes.filter((prefix) => parsePrefix(prefix) !== null) };
	}

	/** Running and stopped ones, helpers included. */
	async list(poolName: string): Promise<ListedContainer[]> {
		const filters = { label: [`${LABELS.pool}=${poolName}`] };
		const found = await this.#engine.request((client, abortSignal) =>
			client.listContainers({ all: true, filters, abortSignal }),
		);
		return found.map(({ Id, Names, Labels, State, Mounts }) => ({
			id: Id,
			name: (Names[0] ?? Id).replace(/^\//, ""),
			labels: Labels,
			isRunning: State === "running",
			mounted: Mounts.map(({ Source }) => Source),
		}));
	}

	/**
	 * Returns the new container's id, or null where the name is taken. `networkId` is what the network's name in the
	 * specification stands for, null where that is not known.
	 */
	async create({ create }: ContainerSpec, networkId: string | null): Promise<string | null> {
		const HostConfig = networkId === null ? create.HostConfig : { ...create.HostConfig, NetworkMode: networkId };
		try {
			return await this.#engine.request(
				async (client, abortSignal) => (await client.createContainer({ ...create, HostConfig, abortSignal })).id,
			);
		} catch (error) {
			if (hasStatus(error, 409)) return null;
			throw error;
		}
	}

	/** One that runs already is fine; one that cannot be started is removed again. */
	async start(id: string): Promise<void> {
		try {
			await this.#engine.request((client, abortSignal) => client.getContainer(id).start({ abortSignal }));
		} catch (error) {
			if (hasStatus(error, 304)) return;
			if (!(error instanceof BerthError)) await this.remove(id);
			throw error;
		}
	}

	async unpause(id: string): Promise<void> {
		await this.#engine.request((client, abortSignal) => client.getContainer(id).unpause({ abortSignal }));
	}

	/** Ends its processes and removes it; one that is gone already is fine. */
	async remove(id: string): Promise<void> {
		try {
			await this.#engine.request((client, abortSignal) => client.getContainer(id).remove({ force: true, abortSignal }));
		} catch (error) {
			if (hasStatus(error, 404)) return;
			// Somebody else is removing it just now.
			if (!hasStatus(error, 409)) throw error;
			await this.#awaitRemoval(id);
		}
	}

	async #awaitRemoval(id: string): Promise<void> {
		const deadline = performance.now() + REMOVAL_LIMIT_MS;
		while ((await this.find(id)) !== null) {
			if (performance.now() > deadline) {
				throw new BerthError("CONTAINER_FAILED", { detail: `the engine does not get ${id.slice(0, 12)} removed` });
			}
			await sleep(REMOVAL_POLL_MS);
		}
	}
}
