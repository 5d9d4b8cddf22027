/** The pool's own Docker network, in which its containers do not reach each other. */
import type { NetworkInspectInfo } from "dockerode";
import type { Log } from "../../core/log.ts";
import { BerthError } from "../../protocol/errors.ts";
import { LABELS } from "./container-spec.ts";
import { type Engine, hasStatus } from "./engine.ts";
import { NETWORK_SPEC, NETWORK_SPEC_HASH, networkName } from "./network-spec.ts";

export type PoolNetworkOptions = {
	engine: Engine;
	poolName: string;
	/** Whether containers are to be in it. Otherwise it is removed once the last of them has left. */
	isWanted: boolean;
	log: Log;
};

export class PoolNetwork {
	readonly #options: PoolNetworkOptions;
	readonly #name: string;
	#running: Promise<string | null> | null = null;

	constructor(options: PoolNetworkOptions) {
		this.#options = options;
		this.#name = networkName(options.poolName);
	}

	/**
	 * The network's id; null where it is not wanted. Called before a container is made: there may be many at once. By
	 * its id, since the engine lets several gateways that start together make several of one name. Throws
	 * `EngineRefusal`, `BerthError` CONTAINER_FAILED or ENGINE_UNREACHABLE.
	 */
	prepare(): Promise<string | null> {
		this.#running ??= this.#prepare().finally(() => {
			this.#running = null;
		});
		return this.#running;
	}

	async #prepare(): Promise<string | null> {
		const standing = await this.#list();
		if (!this.#options.isWanted) {
			for (const { Id } of standing.filter((network) => this.#isOurs(network))) await this.#removeUnused(Id);
			return null;
		}
		this.#assertOurs(standing);
		for (const network of standing) if (!isCurrent(network)) await this.#removeWithEverybody(network.Id);
		const [oldest, ...surplus] = standing.filter(isCurrent);
		for (const { Id } of surplus) await this.#removeUnused(Id);
		return oldest?.Id ?? (await this.#make());
	}

	/** Those of the name, the oldest first: every gateway comes to the same order. */
	async #list(): Promise<NetworkInspectInfo[]> {
		const listed = await this.#options.engine.request((client, abortSignal) =>
			client.listNetworks({ filters: { name: [this.#name] }, abortSignal }),
		);
		const ageOf = ({ Created, Id }: NetworkInspectInfo): string => `${Created} ${Id}`;
		return listed.filter(({ Name }) => Name === this.#name).sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
	}

	#isOurs({ Labels }: NetworkInspectInfo): boolean {
		return Labels?.[LABELS.pool] === this.#options.poolName;
	}

	#assertOurs(standing: NetworkInspectInfo[]): void {
		if (standing.every((network) => this.#isOurs(network))) return;
		const detail = `${this.#name}: a network that is not of this pool has the name; remove it, or name one in CONTAINER_NETWORK`;
		throw new BerthError("CONTAINER_FAILED", { detail });
	}

	async #make(): Promise<string> {
		const { engine, poolName, log } = this.#options;
		const Labels = { [LABELS.pool]: poolName, [LABELS.spec]: NETWORK_SPEC_HASH };
		log.info({ network: this.#name }, "making the pool's network");
		const { id } = await engine.request((client, abortSignal) =>
			client.createNetwork({ Name: this.#name, ...NETWORK_SPEC, Labels, abortSignal }),
		);
		const [oldest] = await this.#list();
		if (oldest === undefined || oldest.Id === id) return id;
		await this.#removeUnused(id);
		return oldest.Id;
	}

	/** The containers in it are of the same old specification and are replaced as well. */
	async #removeWithEverybody(id: string): Promise<void> {
		const { engine, log } = this.#options;
		log.info({ network: this.#name }, "replacing a network that deviates from its specification");
		try {
			const { Containers } = await engine.request((client) => client.getNetwork(id).inspect());
			for (const Container of Object.keys(Containers ?? {})) {
				await engine.request((client) => client.getNetwork(id).disconnect({ Container, Force: true }));
			}
			await engine.request((client, abortSignal) => client.getNetwork(id).remove({ abortSignal }));
		} catch (error) {
			// Another gateway was quicker.
			if (!hasStatus(error, 404)) throw error;
		}
	}

	async #removeUnused(id: string): Promise<void> {
		try {
			await this.#options.engine.request((client, abortSignal) => client.getNetwork(id).remove({ abortSignal }));
			this.#options.log.info({ network: this.#name }, "removed a network that nobody uses");
		} catch (error) {
			// 403: there is somebody in it.
			if (!hasStatus(error, 403, 404)) throw error;
		}
	}
}

function isCurrent({ Labels }: NetworkInspectInfo): boolean {
	return Labels?.[LABELS.spec] === NETWORK_SPEC_HASH;
}
