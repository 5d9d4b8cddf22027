/** A page's connection without Socket.IO's client: whatever is sent is sent as it is. */
import { once } from "node:events";
import { decode, encode } from "@msgpack/msgpack";
import { WebSocket } from "ws";
import { SLOWNESS } from "../support/patience.ts";

const CONNECT = 0;
const EVENT = 2;
const ACK = 3;
const ANSWER_LIMIT_MS = 10_000 * SLOWNESS;

export class RawPage {
	readonly #webSocket: WebSocket;
	#answered: (() => void) | null = null;
	#number = 0;

	/** Connects, and says that it is a page. */
	static async open(base: string, cookie: string): Promise<RawPage> {
		const address = `${base.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`;
		const webSocket = new WebSocket(address, { headers: { cookie } });
		const page = new RawPage(webSocket);
		await once(webSocket, "open");
		await page.#until(() => page.send(encode([CONNECT, "/", null, null])));
		if (!page.isOpen) throw new Error("the gateway did not let the page in");
		return page;
	}

	private constructor(webSocket: WebSocket) {
		this.#webSocket = webSocket;
		webSocket.on("message", (data, isBinary) => this.#receive(data, isBinary));
		webSocket.on("close", () => this.#answered?.());
		webSocket.on("error", () => {});
	}

	get isOpen(): boolean {
		return this.#webSocket.readyState === WebSocket.OPEN;
	}

	/** Bytes are a binary message, text a packet of Engine.IO's own. */
	send(message: Uint8Array | string): void {
		if (this.isOpen) this.#webSocket.send(message);
	}

	/** Sends an event as pages do. */
	emit(name: unknown, args: unknown[], id: unknown = null): void {
		this.send(encode([EVENT, "/", [name, ...args], id], { ignoreUndefined: true }));
	}

	/** Resolves when the gateway has answered behind all that was sent, or has closed. */
	async settle(): Promise<void> {
		if (!this.isOpen) return;
		this.#number += 1;
		await this.#until(() => this.emit("berth:ping", [{}], this.#number));
	}

	async untilClosed(): Promise<void> {
		if (this.isOpen) await this.#until(() => {});
	}

	async close(): Promise<void> {
		if (this.#webSocket.readyState === WebSocket.CLOSED) return;
		const closed = once(this.#webSocket, "close");
		this.#webSocket.terminate();
		await closed;
	}

	async #until(ask: () => void): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		this.#answered = resolve;
		const timer = setTimeout(() => reject(new Error("the gateway neither answers nor closes")), ANSWER_LIMIT_MS);
		ask();
		await promise.finally(() => clearTimeout(timer));
	}

	#receive(data: unknown, isBinary: boolean): void {
		if (!isBinary) {
			// Engine.IO asks whether somebody is there.
			if (String(data) === "2") this.send("3");
			return;
		}
		const packet: unknown = decode(data as Buffer);
		if (!Array.isArray(packet)) return;
		const [type, , , number] = packet;
		if (type === CONNECT || (type === ACK && number === this.#number)) this.#answered?.();
	}
}
