/** One byte stream to an agent, from handshake to end. What outlives a broken stream stands in `link.ts`. */
import type { Duplex } from "node:stream";
import { assertNever } from "../../protocol/assert-never.ts";
import { BerthError } from "../../protocol/errors.ts";
import {
	decodeJson,
	decodeOffsetFrame,
	encodeFrame,
	encodeJsonFrame,
	encodeOffsetFrame,
	type Frame,
	FrameParser,
	FrameType,
} from "../../protocol/frames.ts";
import {
	AgentHello,
	type GatewayHello,
	LINK_HEARTBEAT_MS,
	LINK_PROTOCOL_VERSION,
	LINK_RESULT_SCHEMAS,
	LinkEvent,
	type LinkRequestOf,
	LinkResponse,
	type LinkResults,
} from "../../protocol/link.ts";

/** What comes from the agent without being asked. */
export type LinkConnectionHandlers = {
	onOutput(channel: number, offset: number, bytes: Buffer): void;
	onInputAck(channel: number, seq: number): void;
	onEvent(event: LinkEvent): void;
	/** Once, when the connection has ended for whatever reason. Requests under way have failed by then. */
	onClosed(reason: BerthError): void;
};

type PendingRequest = {
	op: keyof LinkResults;
	resolve(result: unknown): void;
	reject(error: BerthError): void;
};

/** An agent that is alive says hello at once; this long allows for a container at its CPU limit. */
const HELLO_TIMEOUT_MS = 10_000;
/** Silence, although we ping, after which the link is taken for dead. */
const SILENCE_LIMIT_MS = 3 * LINK_HEARTBEAT_MS;
const NO_CHANNEL = 0;

export class LinkConnection {
	/** What the agent said of itself. */
	readonly hello: AgentHello;
	readonly #stream: Duplex;
	readonly #handlers: LinkConnectionHandlers;
	readonly #parser: FrameParser;
	readonly #pending = new Map<number, PendingRequest>();
	readonly #heartbeat: NodeJS.Timeout;
	#lastRequest = 0;
	#lastChannel = 0;
	#lastHeardAt = performance.now();
	#closedFor: BerthError | null = null;

	/**
	 * Says hello and waits for the agent's. Takes the stream over: it is destroyed when this fails.
	 * Throws `BerthError` PROTOCOL_MISMATCH or LINK_BROKEN.
	 */
	static async open(
		stream: Duplex,
		hello: Omit<GatewayHello, "protocol" | "role">,
		handlers: LinkConnectionHandlers,
	): Promise<LinkConnection> {
		const parser = new FrameParser();
		try {
			const ours: GatewayHello = { protocol: LINK_PROTOCOL_VERSION, role: "gateway", ...hello };
			stream.write(encodeJsonFrame(FrameType.hello, NO_CHANNEL, ours));
			const { agentHello, early } = await receiveHello(stream, parser);
			return new LinkConnection(stream, parser, agentHello, early, handlers);
		} catch (thrown) {
			stream.on("error", ignoreLateError).destroy();
			throw asLinkError(thrown);
		}
	}

	private constructor(
		stream: Duplex,
		parser: FrameParser,
		hello: AgentHello,
		early: readonly Frame[],
		handlers: LinkConnectionHandlers,
	) {
		this.#stream = stream;
		this.#parser = parser;
		this.hello = hello;
		this.#handlers = handlers;
		this.#heartbeat = setInterval(() => this.#beat(), LINK_HEARTBEAT_MS);
		stream.on("data", (chunk: Buffer) => this.#receive(chunk));
		stream.on("error", (cause) => this.#end(new BerthError("LINK_BROKEN", { cause })));
		stream.on("close", () => this.#end(new BerthError("LINK_BROKEN", { detail: "the stream was closed" })));
		for (const frame of early) this.#onFrame(frame);
	}

	get isOpen(): boolean {
		return this.#closedFor === null;
	}

	/** A channel number that was not used on this connection. */
	newChannel(): number {
		this.#lastChannel += 1;
		return this.#lastChannel;
	}

	/** Throws `BerthError`: the agent's own code, or LINK_BROKEN where the connection ends before the answer. */
	async request<Op extends keyof LinkResults>(request: LinkRequestOf<Op>): Promise<LinkResults[Op]> {
		if (this.#closedFor !== null) throw this.#closedFor;
		this.#lastRequest += 1;
		const number = this.#lastRequest;
		const { promise, resolve, reject } = Promise.withResolvers<unknown>();
		this.#pending.set(number, { op: request.op, resolve, reject });
		this.#stream.write(encodeJsonFrame(FrameType.request, number, request));
		// Parsed by the schema of this very operation before it was resolved.
		return (await promise) as LinkResults[Op];
	}

	sendInput(channel: number, seq: number, bytes: Uint8Array): void {
		if (this.isOpen) this.#stream.write(encodeOffsetFrame(FrameType.input, channel, seq, bytes));
	}

	sendCredit(channel: number, offset: number): void {
		if (this.isOpen) this.#stream.write(encodeOffsetFrame(FrameType.credit, channel, offset));
	}

	/** Says goodbye and ends the connection; sessions go on in the container. */
	close(): void {
		if (!this.isOpen) return;
		this.#stream.end(encodeJsonFrame(FrameType.bye, NO_CHANNEL, { code: "SHUTDOWN", detail: "gateway closes" }));
		this.#end(new BerthError("LINK_BROKEN", { detail: "closed by the gateway" }), { isGraceful: true });
	}

	#receive(chunk: Buffer): void {
		this.#lastHeardAt = performance.now();
		try {
			this.#parser.push(chunk, (frame) => this.#onFrame(frame));
		} catch (cause) {
			this.#end(new BerthError("LINK_BROKEN", { detail: "the agent sent what is no frame", cause }));
		}
	}

	#onFrame({ type, channel, payload }: Frame): void {
		if (!this.isOpen) return;
		switch (type) {
			case FrameType.output: {
				const { offset, bytes } = decodeOffsetFrame(payload);
				this.#handlers.onOutput(channel, offset, bytes);
				return;
			}
			case FrameType.inputAck:
				this.#handlers.onInputAck(channel, decodeOffsetFrame(payload).offset);
				return;
			case FrameType.response:
				this.#onResponse(channel, LinkResponse.parse(decodeJson(payload)));
				return;
			case FrameType.event:
				this.#handlers.onEvent(LinkEvent.parse(decodeJson(payload)));
				return;
			case FrameType.ping:
				this.#stream.write(encodeFrame(FrameType.pong, NO_CHANNEL, payload));
				return;
			case FrameType.pong:
				return;
			case FrameType.bye:
				this.#end(new BerthError("LINK_BROKEN", { detail: "the agent closes" }));
				return;
			case FrameType.hello:
			case FrameType.request:
			case FrameType.credit:
			case FrameType.input:
				throw new BerthError("LINK_BROKEN", { detail: `the agent may not send frame type ${type}` });
			default:
				assertNever(type);
		}
	}

	#onResponse(number: number, response: LinkResponse): void {
		const pending = this.#pending.get(number);
		if (pending === undefined) return;
		this.#pending.delete(number);
		if (!response.ok) {
			const { code, detail } = response;
			pending.reject(new BerthError(code, detail === undefined ? {} : { detail }));
			return;
		}
		const parsed = LINK_RESULT_SCHEMAS[pending.op].safeParse(response.result);
		if (parsed.success) pending.resolve(parsed.data);
		else pending.reject(new BerthError("INTERNAL", { detail: `answer to ${pending.op}`, cause: parsed.error }));
	}

	#beat(): void {
		if (performance.now() - this.#lastHeardAt > SILENCE_LIMIT_MS) {
			this.#end(new BerthError("LINK_BROKEN", { detail: "the agent is silent" }));
			return;
		}
		this.#stream.write(encodeFrame(FrameType.ping, NO_CHANNEL));
	}

	#end(reason: BerthError, { isGraceful = false } = {}): void {
		if (this.#closedFor !== null) return;
		this.#closedFor = reason;
		clearInterval(this.#heartbeat);
		if (!isGraceful) this.#stream.destroy();
		for (const { reject } of this.#pending.values()) reject(reason);
		this.#pending.clear();
		this.#handlers.onClosed(reason);
	}
}

/** The agent's hello, and frames that came right behind it. */
async function receiveHello(stream: Duplex, parser: FrameParser): Promise<{ agentHello: AgentHello; early: Frame[] }> {
	const frames: Frame[] = [];
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const onData = (chunk: Buffer): void => {
		try {
			parser.push(chunk, (frame) => frames.push(frame));
		} catch (cause) {
			reject(cause);
		}
		if (frames.length > 0) resolve();
	};
	const onClose = (): void => reject(new BerthError("LINK_BROKEN", { detail: "closed before the agent's hello" }));
	const timer = setTimeout(
		() => reject(new BerthError("LINK_BROKEN", { detail: `no hello within ${HELLO_TIMEOUT_MS} ms` })),
		HELLO_TIMEOUT_MS,
	);
	stream.on("data", onData).on("error", reject).on("close", onClose);
	try {
		await promise;
		const [first, ...early] = frames;
		return { agentHello: parseHello(first), early };
	} finally {
		clearTimeout(timer);
		stream.off("data", onData).off("error", reject).off("close", onClose);
	}
}

function parseHello(frame: Frame | undefined): AgentHello {
	if (frame?.type === FrameType.bye) throw new BerthError("PROTOCOL_MISMATCH", { detail: "the agent said goodbye" });
	if (frame?.type !== FrameType.hello) throw new BerthError("LINK_BROKEN", { detail: "the agent did not say hello" });
	const hello = AgentHello.safeParse(decodeJson(frame.payload));
	if (!hello.success || hello.data.protocol !== LINK_PROTOCOL_VERSION) {
		throw new BerthError("PROTOCOL_MISMATCH", { detail: `the gateway speaks version ${LINK_PROTOCOL_VERSION}` });
	}
	return hello.data;
}

function asLinkError(thrown: unknown): BerthError {
	return thrown instanceof BerthError ? thrown : new BerthError("LINK_BROKEN", { cause: thrown });
}

/** The failure that matters was thrown already. */
function ignoreLateError(): void {}
