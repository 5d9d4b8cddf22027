/**
 * The agent on this host, without a container around it: for development and for looking at Berth. Shells run as the
 * gateway's own user, so whoever reaches the page has that user's rights.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ContainerDriver, DriverEvent, FoundContainer, PoolContainer } from "../../core/container-driver.ts";
import type { Log } from "../../core/log.ts";
import { BerthError } from "../../protocol/errors.ts";
import { Ordinal } from "../../protocol/ids.ts";
import { connectSocket, fitsSocketPath, isListening } from "../connect-socket.ts";
import { AgentProcess } from "./agent-process.ts";

export type LocalDriverOptions = {
	/** Absolute path. Homes and sockets are made in it. */
	dataDir: string;
	log: Log;
};

/** A process of Node starts in a third of a second; this allows for a machine that is busy otherwise. */
const START_LIMIT_MS = 20_000;
const START_POLL_MS = 20;
const LARGEST_ORDINAL = Ordinal.parse(10_000);

export class LocalDriver implements ContainerDriver, AsyncDisposable {
	readonly isolation = "none";
	readonly #options: LocalDriverOptions;
	readonly #agents = new Map<Ordinal, AgentProcess>();
	readonly #listeners = new Set<(event: DriverEvent) => void>();
	/** Made for sockets where the data folder's path is too long for them. */
	#temporaryFolder: string | null = null;

	constructor(options: LocalDriverOptions) {
		this.#options = options;
	}

	async inspect(): Promise<FoundContainer[]> {
		return [...this.#agents].map(([ordinal, { instanceId, isRunning }]) => {
			return { name: agentName(ordinal), instanceId, ordinal, isRunning, isCurrent: true };
		});
	}

	async ensure(ordinal: Ordinal): Promise<PoolContainer> {
		const standing = this.#agents.get(ordinal);
		if (standing !== undefined && !standing.isRunning) await this.remove(standing.instanceId);
		const agent = this.#agents.get(ordinal) ?? (await this.#start(ordinal));
		await this.#awaitAgent(ordinal, agent);
		return { ordinal, name: agentName(ordinal), instanceId: agent.instanceId };
	}

	async connect({ ordinal, instanceId, name }: PoolContainer): Promise<Duplex> {
		const agent = this.#agents.get(ordinal);
		if (agent?.instanceId !== instanceId) throw new BerthError("LINK_BROKEN", { detail: `${name} is gone` });
		try {
			return await connectSocket(agent.socketPath);
		} catch (cause) {
			throw new BerthError("LINK_BROKEN", { detail: `${name} cannot be connected to`, cause });
		}
	}

	async remove(instanceId: string): Promise<void> {
		for (const [ordinal, agent] of this.#agents) {
			if (agent.instanceId !== instanceId) continue;
			await agent[Symbol.asyncDispose]();
			this.#agents.delete(ordinal);
		}
	}

	/** Ends the agents when it ends: without a gateway that watches, nobody may use them. */
	async watch(onEvent: (event: DriverEvent) => void, signal: AbortSignal): Promise<void> {
		this.#listeners.add(onEvent);
		onEvent({ kind: "engine-up" });
		if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
		this.#listeners.delete(onEvent);
		await this[Symbol.asyncDispose]();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all([...this.#agents.values()].map(({ instanceId }) => this.remove(instanceId)));
		if (this.#temporaryFolder !== null) await rm(this.#temporaryFolder, { recursive: true, force: true });
		this.#temporaryFolder = null;
	}

	async #start(ordinal: Ordinal): Promise<AgentProcess> {
		const { dataDir, log } = this.#options;
		const name = agentName(ordinal);
		const workspace = join(dataDir, "workspace");
		await mkdir(workspace, { recursive: true, mode: 0o700 });
		const socketPath = join(await this.#socketFolder(), socketName(ordinal));
		const agent = new AgentProcess({ name, socketPath, workspace, log: log.child({ container: name }) });
		this.#agents.set(ordinal, agent);
		void agent.ended.then((reason) => this.#report(ordinal, agent.instanceId, reason));
		return agent;
	}

	/** Only this user may enter it, because who reaches the socket has the user's rights. */
	async #socketFolder(): Promise<string> {
		if (this.#temporaryFolder !== null) return this.#temporaryFolder;
		const folder = join(this.#options.dataDir, "links");
		if (fitsSocketPath(join(folder, socketName(LARGEST_ORDINAL)))) {
			await mkdir(folder, { recursive: true, mode: 0o700 });
			return folder;
		}
		this.#temporaryFolder = await mkdtemp(join(tmpdir(), "berth-"));
		return this.#temporaryFolder;
	}

	async #awaitAgent(ordinal: Ordinal, agent: AgentProcess): Promise<void> {
		const deadline = performance.now() + START_LIMIT_MS;
		while (!(await isListening(agent.socketPath))) {
			const hasEnded = !agent.isRunning;
			if (hasEnded || performance.now() > deadline) {
				const what = hasEnded ? await agent.ended : `its agent did not answer within ${START_LIMIT_MS / 1000} s`;
				await this.remove(agent.instanceId);
				const detail = `${agentName(ordinal)}: ${what}`;
				throw new BerthError("CONTAINER_FAILED", { detail, cause: agent.lastLines });
			}
			await sleep(START_POLL_MS);
		}
	}

	#report(ordinal: Ordinal, instanceId: string, reason: string): void {
		for (const onEvent of this.#listeners) onEvent({ kind: "container-stopped", ordinal, instanceId, reason });
	}
}

function agentName(ordinal: Ordinal): string {
	return `local-${ordinal}`;
}

function socketName(ordinal: Ordinal): string {
	return `${agentName(ordinal)}.sock`;
}
