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
	#running: Promise<void> | null = null;

	constructor(options: PoolNetworkOptions) {
		this.#options = options;
		this.#name = networkName(options.poolName);
	}

	/** Called before a container is made: there may be many at once. Throws `EngineRefusal`, `BerthError`. */
	prepare(): Promise<void> {
		this.#running ??= this.#prepare().finally(() => {
			this.#running = null;
		});
		return this.#running;
	}

	async #prepare(): Promise<void> {
		const standing = await this.#find();
		if (!this.#options.isWanted) {
			if (standing !== null && this.#isOurs(standing)) await this.#removeUnused(standing);
			return;
		}
		if (standing !== null) {
			this.#assertOurs(standing);
			if (standing.Labels?.[LABELS.spec] === NETWORK_SPEC_HASH) return;
			await this.#removeWithEverybody(standing);
		}
		await this.#create();
	}

	async #find(): Promise<NetworkInspectInfo | null> {
		try {
			return await this.#options.engine.request((client) => client.getNetwork(this.#name).inspect());
		} catch (error) {
			if (hasStatus(error, 404)) return null;
			throw error;
		}
	}

	#isOurs({ Labels }: NetworkInspectInfo): boolean {
		return Labels?.[LABELS.pool] === this.#options.poolName;
	}

	#assertOurs(standing: NetworkInspectInfo): void {
		if (this.#isOurs(standing)) return;
		const detail = `${this.#name}: a network that is not of this pool has the name; remove it, or name one in CONTAINER_NETWORK`;
		throw new BerthError("CONTAINER_FAILED", { detail });
	}

	async #create(): Promise<void> {
		const { engine, poolName, log } = this.#options;
		const Labels = { [LABELS.pool]: poolName, [LABELS.spec]: NETWORK_SPEC_HASH };
		log.info({ network: this.#name }, "making the pool's network");
		try {
			await engine.request((client, abortSignal) =>
				client.createNetwork({ Name: this.#name, CheckDuplicate: true, ...NETWORK_SPEC, Labels, abortSignal }),
			);
		} catch (error) {
			// Another gateway of this pool was quicker.
			if (!hasStatus(error, 409)) throw error;
		}
	}

	/** The containers in it are of the same old specification and are replaced as well. */
	async #removeWithEverybody({ Id, Containers }: NetworkInspectInfo): Promise<void> {
		const { engine, log } = this.#options;
		log.info({ network: this.#name }, "replacing a network that deviates from its specification");
		for (const Container of Object.keys(Containers ?? {})) {
			await engine.request((client) => client.getNetwork(Id).disconnect({ Container, Force: true })).catch(ignoreGone);
		}
		await engine.request((client, abortSignal) => client.getNetwork(Id).remove({ abortSignal })).catch(ignoreGone);
	}

	async #removeUnused({ Id, Containers }: NetworkInspectInfo): Promise<void> {
		if (Object.keys(Containers ?? {}).length > 0) return;
		const { engine, log } = this.#options;
		log.info({ network: this.#name }, "removing the pool's network, which nobody uses any more");
		try {
			await engine.request((client, abortSignal) => client.getNetwork(Id).remove({ abortSignal }));
		} catch (error) {
			// 403: somebody has just come in.
			if (!hasStatus(error, 403, 404)) throw error;
		}
	}
}

function ignoreGone(error: unknown): void {
	if (!hasStatus(error, 404)) throw error;
}
