/**
 * A Docker network whose default route leads to a container that answers for every address, so that nothing of the real
 * network is asked, and whatever a rule lets through is seen to arrive.
 */
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, POOL_IMAGE } from "../support/docker-driver-under-test.ts";

const PROGRAM = readFileSync(join(import.meta.dirname, "whole-world.py"), "utf8");
/** What the world answers with, for every name. */
export const PUBLIC_ADDRESS = "45.67.89.10";
export const GREETING = "the world answers";

const LOOK_EVERY_MS = 50;
const LOOKS = 200;

export class WholeWorld implements AsyncDisposable {
	/** Also the container's name. */
	readonly network: string;
	/** For tests of devices that measure networks, which nobody has at home; the engine refuses it where somebody does. */
	readonly #prefix = `198.${randomInt(18, 20)}.${randomInt(0, 256)}`;
	readonly #prefix6 = `fd${randomInt(16, 256).toString(16)}:${randomInt(1, 0xffff).toString(16)}::`;

	/** `name` begins like the test pool's, so that whatever stays is noticed. */
	static async start(name: string): Promise<WholeWorld> {
		const world = new WholeWorld(name);
		try {
			await world.#start();
			return world;
		} catch (error) {
			await world[Symbol.asyncDispose]();
			throw error;
		}
	}

	private constructor(name: string) {
		this.network = name;
	}

	/** Where containers of the network send what is not for it. */
	get gateway(): string {
		return `${this.#prefix}.2`;
	}

	get neighbour(): string {
		return `${this.#prefix}.10`;
	}

	get neighbour6(): string {
		return `${this.#prefix6}10`;
	}

	/** An address of the network that nobody has. */
	get stolen(): string {
		return `${this.#prefix}.99`;
	}

	get stolen6(): string {
		return `${this.#prefix6}99`;
	}

	/** Addresses from which datagrams have come so far. */
	async senders(): Promise<string[]> {
		const log = await docker("logs", this.network);
		return log.split("\n").flatMap((line) => /^sender (.+)$/.exec(line)?.[1] ?? []);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await docker("rm", "--force", "--volumes", this.network).catch(() => {});
		// With whoever is still in it: a gateway's container may be gone a moment later.
		await docker("network", "rm", this.network);
	}

	async #start(): Promise<void> {
		await docker(
			...["network", "create", "--ipv6", `--subnet=${this.#prefix}.0/24`, `--subnet=${this.#prefix6}/64`],
			...[`--aux-address=DefaultGatewayIPv4=${this.gateway}`, this.network],
		);
		await docker(
			...["run", "--detach", `--name=${this.network}`, `--network=${this.network}`, "--user=0"],
			...[`--ip=${this.neighbour}`, `--ip6=${this.neighbour6}`],
			...["--cap-drop=ALL", "--cap-add=NET_ADMIN", "--cap-add=NET_BIND_SERVICE", "--entrypoint=python3"],
			...[POOL_IMAGE, "-c", PROGRAM, this.gateway, PUBLIC_ADDRESS],
		);
		for (let look = 0; look < LOOKS; look++) {
			if ((await docker("logs", this.network)).includes("ready")) return;
			await sleep(LOOK_EVERY_MS);
		}
		throw new Error(`the world did not start: ${await docker("logs", this.network)}`);
	}
}
