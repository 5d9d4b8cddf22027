/** A link to an agent on which whatever is written is written as it is. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { encodeFrame, FrameParser, FrameType } from "../../server/protocol/frames.ts";
import { SLOWNESS } from "../support/patience.ts";

const ANSWER_LIMIT_MS = 10_000 * SLOWNESS;

export class RawLink {
	readonly #socket: Socket;
	readonly #parser = new FrameParser();
	#answered: (() => void) | null = null;
	#number = 0;

	static async open(socketPath: string): Promise<RawLink> {
		const socket = connect(socketPath);
		await once(socket, "connect");
		return new RawLink(socket);
	}

	private constructor(socket: Socket) {
		this.#socket = socket;
		socket.on("data", (chunk: Buffer) =>
			this.#parser.push(chunk, ({ type, payload }) => {
				if (type === FrameType.pong && payload.toString() === String(this.#number)) this.#answered?.();
			}),
		);
		socket.on("close", () => this.#answered?.()).on("error", () => {});
	}

	get isOpen(): boolean {
		return this.#socket.readyState === "open";
	}

	write(bytes: Uint8Array): void {
		if (this.isOpen) this.#socket.write(bytes);
	}

	/** Resolves when the agent has answered behind all that was written, or has closed. */
	async settle(): Promise<void> {
		if (!this.isOpen) return;
		this.#number += 1;
		await this.#until(() => this.write(encodeFrame(FrameType.ping, 0, Buffer.from(String(this.#number)))));
	}

	async untilClosed(): Promise<void> {
		if (this.isOpen) await this.#until(() => {});
	}

	close(): void {
		this.#socket.destroy();
	}

	async #until(ask: () => void): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		this.#answered = resolve;
		const timer = setTimeout(() => reject(new Error("the agent neither answers nor closes")), ANSWER_LIMIT_MS);
		ask();
		await promise.finally(() => clearTimeout(timer));
	}
}
