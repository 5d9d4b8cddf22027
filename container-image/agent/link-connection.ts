/** One gateway's link, from hello to bye. */
import type { Socket } from "node:net";
import { z } from "zod";
import { assertNever } from "../../server/protocol/assert-never.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import {
	decodeJson,
	decodeOffsetFrame,
	encodeFrame,
	encodeJsonFrame,
	encodeOffsetFrame,
	type Frame,
	FrameError,
	FrameParser,
	FrameType,
} from "../../server/protocol/frames.ts";
import {
	type AgentHello,
	Bye,
	GatewayHello,
	LINK_HEARTBEAT_MS,
	LINK_PROTOCOL_VERSION,
	type LinkEvent,
} from "../../server/protocol/link.ts";
import type { Attachment } from "./attachment.ts";
import { type ChannelWriter, LinkAttachments } from "./link-attachments.ts";
import { describeIssue, type Policy, type RequestHandler } from "./link-requests.ts";
import type { Log } from "./log.ts";

/** Silence, although we ping, after which the link is taken for dead. */
const SILENCE_LIMIT_MS = 3 * LINK_HEARTBEAT_MS;
/**
 * Answers and events waiting for a gateway that does not read. Beyond this nothing more is read from it, so that it
 * cannot ask for more; at four times as much (events of other links' doing) it is given up.
 */
const MAX_WAITING_BYTES = 1024 * 1024;
const GIVE_UP_BYTES = 4 * MAX_WAITING_BYTES;
/** A peer that does not close after our bye is cut off. */
const BYE_GRACE_MS = 500;
const MAX_PING_BYTES = 64;
const NO_CHANNEL = 0;

export type LinkOptions = {
	requests: RequestHandler;
	log: Log;
	/** What the agent says of itself now. */
	describe(): Omit<AgentHello, "protocol" | "role">;
	/** A gateway has told its rules. */
	onPolicy(policy: Policy): void;
	onClosed(link: LinkConnection): void;
};

export class LinkConnection implements ChannelWriter {
	readonly #socket: Socket;
	readonly #options: LinkOptions;
	readonly #parser = new FrameParser();
	readonly #attachments: LinkAttachments;
	readonly #heartbeat: NodeJS.Timeout;
	/** What the gateway said of itself; null until then. */
	#gateway: GatewayHello | null = null;
	#lastHeardAt = performance.now();
	#isEnding = false;

	constructor(socket: Socket, options: LinkOptions) {
		this.#socket = socket;
		this.#options = options;
		this.#attachments = new LinkAttachments(this);
		this.#heartbeat = setInterval(() => this.#beat(), LINK_HEARTBEAT_MS);
		socket.on("data", (chunk: Buffer) => this.#receive(chunk));
		socket.on("error", (error) => options.log.debug({ error }, "link failed"));
		socket.on("close", () => this.#onClose());
		const hello: AgentHello = { protocol: LINK_PROTOCOL_VERSION, role: "agent", ...options.describe() };
		this.#write(encodeJsonFrame(FrameType.hello, NO_CHANNEL, hello));
	}

	get bufferedBytes(): number {
		return this.#socket.writableLength;
	}

	send({ channel }: Attachment, offset: number, bytes: Buffer): void {
		this.#write(encodeOffsetFrame(FrameType.output, channel, offset, bytes));
	}

	sendInputAck(channel: number, accepted: number): void {
		this.#write(encodeOffsetFrame(FrameType.inputAck, channel, accepted));
	}

	sendEvent(event: LinkEvent): void {
		if (this.#gateway !== null) this.#write(encodeJsonFrame(FrameType.event, NO_CHANNEL, event));
	}

	/** Says why and ends the link. */
	bye(code: Bye["code"], detail: string): void {
		if (this.#isEnding) return;
		const bye: Bye = { code, detail: detail.slice(0, 1000) };
		this.#write(encodeJsonFrame(FrameType.bye, NO_CHANNEL, bye));
		this.#isEnding = true;
		this.#attachments.close();
		this.#socket.end();
		setTimeout(() => this.#socket.destroy(), BYE_GRACE_MS).unref();
	}

	#receive(chunk: Buffer): void {
		this.#lastHeardAt = performance.now();
		try {
			this.#parser.push(chunk, (frame) => this.#onFrame(frame));
		} catch (thrown) {
			this.#refuse(thrown);
		}
	}

	/** What cannot be understood cannot be skipped either: the link ends. */
	#refuse(thrown: unknown): void {
		const { log } = this.#options;
		if (thrown instanceof BerthError || thrown instanceof FrameError) {
			log.warn({ gateway: this.#gateway?.gateway, reason: thrown.message }, "link refused");
			this.bye(thrown instanceof BerthError ? thrown.code : "BAD_REQUEST", thrown.message);
			return;
		}
		log.error({ error: thrown }, "link failed unexpectedly");
		this.bye("INTERNAL", "see the agent's log");
	}

	#onFrame({ type, channel, payload }: Frame): void {
		if (this.#isEnding) return;
		switch (type) {
			case FrameType.ping:
				this.#onPing(payload);
				return;
			case FrameType.pong:
				return;
			case FrameType.hello:
				this.#onHello(decodeJson(payload));
				return;
			case FrameType.request:
				this.#onRequest(channel, decodeJson(payload));
				return;
			case FrameType.credit:
				this.#onCredit(channel, payload);
				return;
			case FrameType.input: {
				this.#policy();
				const { offset, bytes } = decodeOffsetFrame(payload);
				this.#attachments.input(channel, offset, bytes);
				return;
			}
			case FrameType.bye:
				this.#onBye(Bye.safeParse(decodeJson(payload)).data);
				return;
			case FrameType.response:
			case FrameType.event:
			case FrameType.output:
			case FrameType.inputAck:
				throw new BerthError("BAD_REQUEST", { detail: `a gateway sends no frame of type ${type}` });
			default:
				assertNever(type);
		}
	}

	#onPing(payload: Buffer): void {
		if (payload.length > MAX_PING_BYTES) throw new BerthError("BAD_REQUEST", { detail: "ping is too long" });
		this.#write(encodeFrame(FrameType.pong, NO_CHANNEL, payload));
	}

	#onHello(value: unknown): void {
		if (this.#gateway !== null) throw new BerthError("BAD_REQUEST", { detail: "hello was said before" });
		const version = z.looseObject({ protocol: z.number() }).safeParse(value).data?.protocol;
		if (version !== LINK_PROTOCOL_VERSION) {
			throw new BerthError("PROTOCOL_MISMATCH", { detail: `the agent speaks version ${LINK_PROTOCOL_VERSION}` });
		}
		const hello = GatewayHello.safeParse(value);
		if (!hello.success) throw new BerthError("BAD_REQUEST", { detail: `hello: ${describeIssue(hello.error)}` });
		this.#gateway = hello.data;
		this.#options.onPolicy(hello.data.policy);
		this.#options.log.info({ gateway: hello.data.gateway }, "gateway linked");
	}

	#onCredit(channel: number, payload: Buffer): void {
		this.#policy();
		if (this.#attachments.credit(channel, decodeOffsetFrame(payload).offset)) return;
		throw new BerthError("BAD_REQUEST", { detail: "credit for output that was not sent" });
	}

	#onRequest(number: number, value: unknown): void {
		const policy = this.#policy();
		if (typeof value !== "object" || value === null) throw new FrameError("request is no object");
		void this.#answer(number, value, policy);
	}

	async #answer(number: number, value: unknown, policy: Policy): Promise<void> {
		const { response, attachment } = await this.#options.requests.answer(value, this.#attachments, policy);
		this.#write(encodeJsonFrame(FrameType.response, number, response));
		attachment?.begin();
	}

	#onBye(bye: Bye | undefined): void {
		this.#options.log.info({ gateway: this.#gateway?.gateway, reason: bye?.detail }, "gateway says goodbye");
		this.#isEnding = true;
		this.#attachments.close();
		this.#socket.end();
	}

	/** The gateway's rules. Throws `BerthError` BAD_REQUEST where it has not said hello. */
	#policy(): Policy {
		if (this.#gateway === null) throw new BerthError("BAD_REQUEST", { detail: "hello must come first" });
		return this.#gateway.policy;
	}

	#write(frame: Buffer): void {
		if (this.#isEnding || this.#socket.destroyed) return;
		this.#socket.write(frame, () => this.#onWritten());
		if (this.bufferedBytes > GIVE_UP_BYTES) this.#socket.destroy();
		else if (this.bufferedBytes > MAX_WAITING_BYTES) this.#socket.pause();
	}

	#onWritten(): void {
		if (this.#socket.isPaused() && this.bufferedBytes <= MAX_WAITING_BYTES) this.#socket.resume();
		this.#attachments.pump();
	}

	#beat(): void {
		if (performance.now() - this.#lastHeardAt > SILENCE_LIMIT_MS) {
			this.#options.log.warn({ gateway: this.#gateway?.gateway }, "gateway is silent, link closed");
			this.#socket.destroy();
			return;
		}
		this.#write(encodeFrame(FrameType.ping, NO_CHANNEL));
	}

	#onClose(): void {
		this.#isEnding = true;
		clearInterval(this.#heartbeat);
		this.#attachments.close();
		this.#options.onClosed(this);
	}
}
