/** A small gateway for tests: speaks the real link protocol, keeps what the agent says, credits only when asked. */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import type { AccountLimits } from "../../server/protocol/account-limits.ts";
import {
	decodeJson,
	decodeOffsetFrame,
	encodeFrame,
	encodeJsonFrame,
	encodeOffsetFrame,
	type Frame,
	FrameParser,
	FrameType,
} from "../../server/protocol/frames.ts";
import { PageId, type SessionId, Uid, Username } from "../../server/protocol/ids.ts";
import {
	AgentHello,
	type AttachResult,
	Bye,
	type GatewayHello,
	LINK_PROTOCOL_VERSION,
	LINK_RESULT_SCHEMAS,
	LinkEvent,
	type LinkRequestOf,
	LinkResponse,
	type LinkResults,
} from "../../server/protocol/link.ts";
import type { SessionInfo, TerminalSize } from "../../server/protocol/session.ts";

export const DEFAULT_POLICY: GatewayHello["policy"] = {
	assignmentTtlMs: 7 * 24 * 3_600_000,
	replayBytes: 1024 * 1024,
	diskGraceMs: 60_000,
	egress: null,
};

export const DEFAULT_LIMITS: AccountLimits = {
	sessions: 8,
	processes: 128,
	openFiles: 4_096,
	fileBytes: 1024 ** 3,
	memoryBytes: 192 * 1024 ** 2,
	diskBytes: 1024 ** 3,
	cpuWeight: 100,
	sessionIdleMs: 3_600_000,
	sessionDetachedMs: 24 * 3_600_000,
};

/** What a test wants otherwise than usual. */
export type Rules = Partial<GatewayHello["policy"] & AccountLimits>;

export const DEFAULT_SIZE: TerminalSize = { cols: 80, rows: 24 };

export const ADA = { username: Username.parse("ada"), uid: Uid.parse(20_001) };
export const BOB = { username: Username.parse("bob"), uid: Uid.parse(20_002) };

/** Longest time that any step of a test may take, ms. */
const STEP_TIMEOUT_MS = 10_000;

export const newPageId = (): PageId => PageId.parse(randomBytes(16).toString("base64url"));

/** The agent refused a request. */
export class Refused extends Error {
	readonly code: string;
	readonly detail: string | undefined;

	constructor(code: string, detail: string | undefined) {
		super(`${code} ${detail ?? ""}`);
		this.code = code;
		this.detail = detail;
	}
}

/** What came on one channel. */
export class ChannelLog {
	readonly channel: number;
	readonly chunks: { offset: number; bytes: Buffer }[] = [];
	readonly acks: number[] = [];
	readonly refusals: { code: string; accepted: number }[] = [];
	/** Offset behind the last byte received. */
	end: number | null = null;
	/** Whether each output is credited as it comes. */
	isCrediting = true;
	/** Number of the next byte of input. */
	nextInput = 0;

	constructor(channel: number) {
		this.channel = channel;
	}

	get bytes(): Buffer {
		return Buffer.concat(this.chunks.map(({ bytes }) => bytes));
	}

	get text(): string {
		return this.bytes.toString("utf8");
	}

	get received(): number {
		return this.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0);
	}
}

export type Terminal = { log: ChannelLog; result: AttachResult; session: SessionInfo; sessionId: SessionId };

export class LinkClient {
	readonly socket: Socket;
	readonly events: LinkEvent[] = [];
	readonly channels = new Map<number, ChannelLog>();
	hello: AgentHello | null = null;
	bye: Bye | null = null;
	isClosed = false;
	/** Of every account that opens something. */
	readonly #limits: AccountLimits;
	readonly #parser = new FrameParser();
	readonly #pending = new Map<number, (response: LinkResponse) => void>();
	readonly #pongs: Buffer[] = [];
	#waiters: (() => void)[] = [];
	#lastRequest = 0;
	#lastChannel = 0;

	/** Connects; says hello unless `rules` is null. */
	static async open(socketPath: string, rules: Rules | null = {}, gateway = "test"): Promise<LinkClient> {
		const socket = connect(socketPath);
		await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
		const client = new LinkClient(socket, rules ?? {});
		if (rules !== null) {
			client.sendHello({
				protocol: LINK_PROTOCOL_VERSION,
				role: "gateway",
				gateway,
				policy: { ...DEFAULT_POLICY, ...rules },
			});
		}
		await client.until(() => client.hello !== null, "hello of the agent");
		return client;
	}

	private constructor(socket: Socket, rules: Rules) {
		this.socket = socket;
		this.#limits = { ...DEFAULT_LIMITS, ...rules };
		socket.on("data", (chunk: Buffer) => {
			this.#parser.push(chunk, (frame) => this.#onFrame(frame));
			this.#wake();
		});
		socket.on("error", () => {});
		socket.on("close", () => {
			this.isClosed = true;
			this.#wake();
		});
	}

	sendHello(hello: unknown): void {
		this.socket.write(encodeJsonFrame(FrameType.hello, 0, hello));
	}

	/** A channel number that was not used yet. */
	newChannel(): number {
		this.#lastChannel += 1;
		return this.#lastChannel;
	}

	/** Rejects with `Refused`. */
	async request<Op extends keyof LinkResults>(request: LinkRequestOf<Op>): Promise<LinkResults[Op]> {
		const result = await this.requestRaw(request);
		return LINK_RESULT_SCHEMAS[request.op].parse(result) as LinkResults[Op];
	}

	/** Any value as a request; the result is not parsed. Rejects with `Refused`. */
	async requestRaw(request: unknown): Promise<unknown> {
		this.#lastRequest += 1;
		const number = this.#lastRequest;
		const answered = new Promise<LinkResponse>((resolve, reject) => {
			this.#pending.set(number, resolve);
			setTimeout(() => reject(new Error("no answer")), STEP_TIMEOUT_MS).unref();
		});
		this.socket.write(encodeJsonFrame(FrameType.request, number, request));
		const response = await answered;
		if (!response.ok) throw new Refused(response.code, response.detail);
		return response.result;
	}

	async openTerminal(
		options: {
			account?: typeof ADA;
			pageId?: PageId;
			size?: TerminalSize;
			isCrediting?: boolean;
			name?: string;
			environment?: Record<string, string>;
		} = {},
	): Promise<Terminal> {
		const { account = ADA, pageId = newPageId(), size = DEFAULT_SIZE, isCrediting = true, name = "shell" } = options;
		const { environment = {} } = options;
		const log = this.#newChannelLog(isCrediting);
		const attachment = { channel: log.channel, pageId, size };
		const limits = this.#limits;
		const result = await this.request<"open">({ op: "open", account, limits, environment, name, attachment });
		return { log, result, session: result.session, sessionId: result.session.sessionId };
	}

	async attachTerminal(
		sessionId: SessionId,
		options: {
			username?: Username;
			pageId?: PageId;
			size?: TerminalSize;
			from?: number | null;
			isCrediting?: boolean;
		} = {},
	): Promise<Terminal> {
		const {
			username = ADA.username,
			pageId = newPageId(),
			size = DEFAULT_SIZE,
			from = null,
			isCrediting = true,
		} = options;
		const log = this.#newChannelLog(isCrediting);
		const attachment = { channel: log.channel, pageId, size };
		const result = await this.request<"attach">({ op: "attach", username, sessionId, attachment, from });
		log.nextInput = result.inputAccepted;
		return { log, result, session: result.session, sessionId };
	}

	/** Types; numbers the bytes by itself. */
	type({ log }: { log: ChannelLog }, text: string): void {
		const bytes = Buffer.from(text, "utf8");
		this.sendInput(log.channel, log.nextInput, bytes);
		log.nextInput += bytes.length;
	}

	sendInput(channel: number, seq: number, bytes: Uint8Array): void {
		this.socket.write(encodeOffsetFrame(FrameType.input, channel, seq, bytes));
	}

	sendCredit(channel: number, offset: number): void {
		this.socket.write(encodeOffsetFrame(FrameType.credit, channel, offset));
	}

	/** Resolves with the time that it took, ms. */
	async ping(): Promise<number> {
		const payload = randomBytes(8);
		const sentAt = performance.now();
		this.socket.write(encodeFrame(FrameType.ping, 0, payload));
		await this.until(() => this.#pongs.some((pong) => pong.equals(payload)), "pong");
		return performance.now() - sentAt;
	}

	/** Resolves once `condition` holds; it is asked again whenever something has come, and every 20 ms. */
	async until(condition: () => boolean, what: string, timeoutMs = STEP_TIMEOUT_MS): Promise<void> {
		const deadline = performance.now() + timeoutMs;
		while (!condition()) {
			const left = deadline - performance.now();
			if (left <= 0) throw new Error(`timed out: ${what}`);
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, Math.min(left, 20));
				this.#waiters.push(() => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	}

	/** Waits until `text` stands in the output. */
	async see({ log }: { log: ChannelLog }, text: string | RegExp, timeoutMs?: number): Promise<void> {
		const isSeen = (): boolean => (typeof text === "string" ? log.text.includes(text) : text.test(log.text));
		try {
			await this.until(isSeen, `output ${String(text)}`, timeoutMs);
		} catch (cause) {
			throw new Error(`not seen: ${String(text)}; but: ${JSON.stringify(log.text.slice(-500))}`, { cause });
		}
	}

	/** Waits for an event. */
	async event<Kind extends LinkEvent["kind"]>(
		kind: Kind,
		matches: (event: Extract<LinkEvent, { kind: Kind }>) => boolean = () => true,
	): Promise<Extract<LinkEvent, { kind: Kind }>> {
		type Wanted = Extract<LinkEvent, { kind: Kind }>;
		const find = (): Wanted | undefined =>
			this.events.find((event): event is Wanted => event.kind === kind && matches(event as Wanted));
		await this.until(() => find() !== undefined, `event ${kind}`);
		const found = find();
		if (found === undefined) throw new Error("unreachable");
		return found;
	}

	/** The session as told last, once it has exited. */
	async exit(sessionId: SessionId): Promise<SessionInfo> {
		const { session } = await this.event(
			"session-changed",
			({ session }) => session.sessionId === sessionId && session.state.kind === "exited",
		);
		return session;
	}

	/** Breaks the link without a word, as a gateway that is killed. */
	async close(): Promise<void> {
		this.socket.destroy();
		await this.until(() => this.isClosed, "end of the link");
	}

	#newChannelLog(isCrediting: boolean): ChannelLog {
		const log = new ChannelLog(this.newChannel());
		log.isCrediting = isCrediting;
		this.channels.set(log.channel, log);
		return log;
	}

	#onFrame({ type, channel, payload }: Frame): void {
		switch (type) {
			case FrameType.hello:
				this.hello = AgentHello.parse(decodeJson(payload));
				return;
			case FrameType.response:
				this.#pending.get(channel)?.(LinkResponse.parse(decodeJson(payload)));
				this.#pending.delete(channel);
				return;
			case FrameType.event:
				this.#onEvent(LinkEvent.parse(decodeJson(payload)));
				return;
			case FrameType.output:
				this.#onOutput(channel, payload);
				return;
			case FrameType.inputAck:
				this.channels.get(channel)?.acks.push(decodeOffsetFrame(payload).offset);
				return;
			case FrameType.ping:
				this.socket.write(encodeFrame(FrameType.pong, 0, payload));
				return;
			case FrameType.pong:
				this.#pongs.push(Buffer.from(payload));
				return;
			case FrameType.bye:
				this.bye = Bye.parse(decodeJson(payload));
				return;
			default:
				throw new Error(`the agent may not send frame type ${type}`);
		}
	}

	#onEvent(event: LinkEvent): void {
		this.events.push(event);
		if (event.kind !== "input-refused") return;
		this.channels.get(event.channel)?.refusals.push({ code: event.code, accepted: event.accepted });
	}

	#onOutput(channel: number, payload: Buffer): void {
		const log = this.channels.get(channel);
		if (log === undefined) throw new Error(`output on unknown channel ${channel}`);
		const { offset, bytes } = decodeOffsetFrame(payload);
		log.chunks.push({ offset, bytes: Buffer.from(bytes) });
		log.end = offset + bytes.length;
		if (log.isCrediting) this.sendCredit(channel, log.end);
	}

	#wake(): void {
		const waiters = this.#waiters;
		this.#waiters = [];
		for (const wake of waiters) wake();
	}
}
