/** A unix socket in front of the machine's engine, so that a test can have an outage that nobody else notices. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ENGINE_SOCKET = "/var/run/docker.sock";

export class EngineProxy implements AsyncDisposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "berth-proxy-"));
	readonly socketPath = join(this.#folder, "docker.sock");
	readonly #sockets = new Set<Socket>();
	#server: Server | null = null;
	#isFrozen = false;

	static async start(): Promise<EngineProxy> {
		const proxy = new EngineProxy();
		await proxy.restore();
		return proxy;
	}

	/** As if the engine had been stopped: refuses connections and breaks those that there are. */
	cut(): void {
		this.#server?.close();
		this.#server = null;
		for (const socket of this.#sockets) socket.destroy();
	}

	/** As if the engine hung: takes connections and answers nothing, neither on these nor on those that there are. */
	freeze(): void {
		this.#isFrozen = true;
		for (const socket of this.#sockets) socket.unpipe().pause();
	}

	/** Ends a cut. After a freeze, cut first: connections that were frozen stay so. */
	async restore(): Promise<void> {
		this.#isFrozen = false;
		const server = createServer({ allowHalfOpen: true }, (socket) => this.#forward(socket));
		this.#server = server;
		await new Promise<void>((resolve, reject) => {
			server.once("error", reject).listen(this.socketPath, resolve);
		});
	}

	/** Connections through it now; 0 when whoever used it left nothing open. */
	get connections(): number {
		return this.#sockets.size / 2;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.cut();
		rmSync(this.#folder, { recursive: true, force: true });
	}

	#forward(near: Socket): void {
		const far = connect({ path: ENGINE_SOCKET, allowHalfOpen: true });
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			this.#sockets.add(one);
			one
				.on("error", () => {})
				.on("close", () => {
					this.#sockets.delete(one);
					other.destroy();
				});
			if (!this.#isFrozen) one.pipe(other);
		}
	}
}
