/** A unix socket in front of the machine's engine that lets the listed calls through, refuses all others, and keeps both. */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EngineCall, findEngineCall } from "../../server/drivers/docker/engine-calls.ts";

const ENGINE_SOCKET = "/var/run/docker.sock";
const END_OF_HEADERS = "\r\n\r\n";
/** More requests could follow on a connection that is kept, and only the first is looked at. */
const ONE_REQUEST = /^connection: (close|upgrade)\r$/im;
const REFUSAL = '{"message":"not on the list"}';

export class EngineFilter implements AsyncDisposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "berth-filter-"));
	readonly socketPath = join(this.#folder, "docker.sock");
	readonly made = new Set<EngineCall>();
	/** `METHOD /path` of what is on no list. */
	readonly refused: string[] = [];
	readonly #server: Server;
	readonly #sockets = new Set<Socket>();

	static async start(): Promise<EngineFilter> {
		const filter = new EngineFilter();
		await new Promise<void>((resolve, reject) => {
			filter.#server.once("error", reject).listen(filter.socketPath, resolve);
		});
		return filter;
	}

	private constructor() {
		this.#server = createServer({ allowHalfOpen: true }, (near) => this.#readHeaders(near));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		await new Promise((resolve) => this.#server.close(resolve));
		rmSync(this.#folder, { recursive: true, force: true });
	}

	#readHeaders(near: Socket): void {
		this.#keep(near);
		let head = Buffer.alloc(0);
		const onData = (chunk: Buffer): void => {
			head = Buffer.concat([head, chunk]);
			const end = head.indexOf(END_OF_HEADERS);
			if (end < 0) return;
			near.off("data", onData).pause();
			if (this.#isAllowed(head.toString("latin1", 0, end + 2))) this.#join(near, head);
			else refuse(near);
		};
		near.on("data", onData);
	}

	#isAllowed(headers: string): boolean {
		const [, method = "", url = ""] = /^(\S+) (\S+) /.exec(headers) ?? [];
		const call = ONE_REQUEST.test(headers) ? findEngineCall(method, url) : null;
		if (call === null) this.refused.push(`${method} ${url}`);
		else this.made.add(call);
		return call !== null;
	}

	#join(near: Socket, head: Buffer): void {
		const far = this.#keep(connect({ path: ENGINE_SOCKET, allowHalfOpen: true }));
		far.write(head);
		near.on("close", () => far.destroy());
		far.on("close", () => near.destroy());
		near.pipe(far);
		far.pipe(near);
	}

	#keep(socket: Socket): Socket {
		this.#sockets.add(socket);
		return socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
	}
}

function refuse(socket: Socket): void {
	const headers = `Content-Type: application/json\r\nContent-Length: ${REFUSAL.length}\r\nConnection: close`;
	socket.resume().end(`HTTP/1.1 403 Forbidden\r\n${headers}\r\n\r\n${REFUSAL}`);
}
