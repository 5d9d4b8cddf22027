/** A pool of the test's own on a real engine: its name, its volume, and the promise that nothing of it stays. */
import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import Docker from "dockerode";

export class TestPool implements AsyncDisposable {
	readonly name = `test-${randomBytes(4).toString("hex")}`;
	readonly volume = `berth-${this.name}`;
	/** The pool's own network, where the gateway has to make one. */
	readonly network = `berth-${this.name}`;
	readonly docker: Docker;
	readonly #extra: Record<string, string>;

	/** `extra` are further settings of the gateway; `socketPath` another engine than the usual one. */
	constructor(extra: Record<string, string> = {}, socketPath?: string) {
		this.docker = socketPath === undefined ? new Docker() : new Docker({ socketPath });
		this.#extra = socketPath === undefined ? extra : { DOCKER_HOST: `unix://${socketPath}`, ...extra };
	}

	/** What makes a gateway use this pool. */
	get environment(): Record<string, string> {
		const image = process.env.CONTAINER_IMAGE;
		const own = { USE_CONTAINERS: "true", POOL_NAME: this.name, WORKSPACE_VOLUME: this.volume };
		return { ...own, ...(image && { CONTAINER_IMAGE: image }), ...this.#extra };
	}

	containerName(ordinal: number): string {
		return `berth-${this.name}-${ordinal}`;
	}

	container(ordinal: number): Docker.Container {
		return this.docker.getContainer(this.containerName(ordinal));
	}

	/** Runs a program in a container as root, and returns what it printed. */
	async run(ordinal: number, command: string[]): Promise<string> {
		// With a terminal both of its outputs come as one stream, without frames.
		const options = { Cmd: command, User: "root", AttachStdout: true, AttachStderr: true, Tty: true };
		const stream = await (await this.container(ordinal).exec(options)).start({ hijack: true, Tty: true });
		return (await text(stream)).replaceAll("\r\n", "\n");
	}

	/** Names of all containers of the pool, helpers included. */
	async containerNames(): Promise<string[]> {
		const found = await this.#all();
		return found.map(({ Names }) => Names[0]?.slice(1) ?? "").toSorted();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const { Id } of await this.#all()) {
			await this.docker.getContainer(Id).remove({ force: true }).catch(ignoreGone);
		}
		// The filter also finds longer names.
		const networks = await this.docker.listNetworks({ filters: { name: [this.network] } });
		for (const { Id } of networks.filter(({ Name }) => Name === this.network)) {
			await this.docker.getNetwork(Id).remove().catch(ignoreGone);
		}
		await this.docker.getVolume(this.volume).remove().catch(ignoreGone);
	}

	async #all(): Promise<Docker.ContainerInfo[]> {
		return await this.docker.listContainers({ all: true, filters: { label: [`berth.pool=${this.name}`] } });
	}
}

function ignoreGone(error: unknown): void {
	if (Object(error).statusCode !== 404) throw error;
}
