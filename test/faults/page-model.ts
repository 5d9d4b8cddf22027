/**
 * What a page does on the wire with one session, without a screen: the page's own queue of input and its own stream of
 * output, and around them what gateway-connection.ts, session-channel.ts and tabs.ts do: connect again whenever the
 * connection broke, attach from the offset that was parsed, send again what was not acknowledged.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import type {
	Attached,
	GatewayToPageEvents,
	PageRequestName,
	PageRequestResults,
	PageToGatewayEvents,
	Reply,
} from "../../server/protocol/terminal.ts";
import { InputQueue } from "../../web/container-terminal/input-queue.ts";
import { OutputStream } from "../../web/container-terminal/output-stream.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

const SIZE = { cols: 80, rows: 24 };
/** A page waits half a second and more; here many breaks are to fit into little time. */
const RECONNECT_PAUSE_MS = { least: 0, most: 80 };
const RETRY_PAUSE_MS = 100;
const RESEND_PAUSE_MS = 50;
/** A connection that breaks between upgrade and handshake is noticed by nothing else. */
const CONNECT_LIMIT_MS = 1_000;
const REQUEST_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 5;
/** Longer than a gateway takes to start on a busy machine. */
const LIVE_PATIENCE_MS = 45_000;

export type PageModelOptions = {
	base: string;
	cookie: string;
	random: SeededRandom;
	screen: PageScreen;
};

/** The part of a terminal that output needs. */
export type PageScreen = {
	/** Parses bytes behind those of the call before, then calls `onParsed`. */
	write(bytes: Uint8Array, onParsed: () => void): void;
};

export class PageModel implements Disposable {
	readonly pageId = randomBytes(16).toString("base64url");
	/** What must never happen to a page whose session and whose buffer last. */
	readonly problems: string[] = [];
	/** Answers to open and attach. */
	attaches = 0;
	readonly #options: PageModelOptions;
	readonly #socket: Socket<GatewayToPageEvents, PageToGatewayEvents>;
	readonly #output: OutputStream;
	readonly #input: InputQueue;
	#sessionId: string | null = null;
	/** Whether input and credit have an attachment to go to. */
	#isLive = false;
	#isBusy = false;
	#isReady = false;
	#isClosed = false;
	#timers: { retry?: NodeJS.Timeout; resend?: NodeJS.Timeout } = {};

	constructor(options: PageModelOptions) {
		const { base, cookie, screen } = options;
		this.#options = options;
		this.#socket = io(base, {
			transports: ["websocket"],
			parser: socketParser,
			extraHeaders: { cookie },
			timeout: CONNECT_LIMIT_MS,
			reconnection: false,
			forceNew: true,
		});
		this.#output = new OutputStream({
			write: (bytes, onParsed) => screen.write(bytes, onParsed),
			onGap: (missing) => this.problems.push(`${missing} bytes of output are missing`),
			acknowledge: (offset) => this.#emit((sessionId) => this.#socket.emit("session:ack", sessionId, offset)),
		});
		this.#input = new InputQueue((seq, bytes) =>
			this.#emit((sessionId) => this.#socket.emit("session:input", sessionId, seq, bytes)),
		);
		this.#listen();
	}

	/** Typed, and not acknowledged by the agent. */
	get pendingInput(): number {
		return this.#input.pendingBytes;
	}

	/** Attached, or never again. */
	async untilLive(): Promise<void> {
		const deadline = performance.now() + LIVE_PATIENCE_MS;
		while (!this.#isLive && this.problems.length === 0) {
			if (performance.now() > deadline) throw new Error(`the page does not come back: ${this.description}`);
			await sleep(LOOK_EVERY_MS);
		}
	}

	/** For a failure's message. */
	get description(): string {
		const { connected } = this.#socket;
		const { problems, attaches } = this;
		const [isLive, isBusy, isReady] = [this.#isLive, this.#isBusy, this.#isReady];
		const resumeFrom = this.#output.resumeFrom;
		const pendingInput = this.#input.pendingBytes;
		return JSON.stringify({ connected, isReady, isBusy, isLive, attaches, resumeFrom, pendingInput, problems });
	}

	async open(): Promise<void> {
		while (!this.#isReady) await sleep(LOOK_EVERY_MS);
		await this.#request("session:open", { pageId: this.pageId, name: "x", size: SIZE }, (opened) => {
			if (!opened.ok) throw new Error(`the session was not opened: ${opened.error.code}`);
			this.#begin(opened);
		});
	}

	type(text: string): void {
		if (!this.#input.push(new TextEncoder().encode(text))) throw new Error("more input than a page keeps");
	}

	/** Ends the session with its programs. */
	async close(): Promise<void> {
		const sessionId = this.#sessionId;
		this.#isLive = false;
		this.#sessionId = null;
		if (sessionId !== null) await this.#request("session:close", { sessionId }, () => {});
	}

	[Symbol.dispose](): void {
		this.#isClosed = true;
		clearTimeout(this.#timers.retry);
		clearTimeout(this.#timers.resend);
		this.#socket.disconnect();
	}

	#listen(): void {
		const socket = this.#socket;
		socket.on("disconnect", () => this.#onDisconnect());
		socket.on("connect_error", () => this.#onDisconnect());
		socket.on("gateway:closing", () => socket.disconnect());
		socket.on("place", ({ kind }) => {
			this.#isReady = kind === "ready";
			if (this.#isReady) void this.#attach();
			else this.#pause();
		});
		socket.on("session:output", (sessionId, offset, bytes) => {
			if (sessionId === this.#sessionId) this.#output.receive(offset, bytes);
		});
		socket.on("session:input-ack", (_sessionId, seq) => this.#input.acknowledge(seq));
		socket.on("session:input-refused", (_sessionId, seq, { code }) => this.#onInputRefused(seq, code));
		socket.on("session:closed", (sessionId, reason) => {
			if (sessionId === this.#sessionId) this.problems.push(`the session was taken away: ${reason}`);
		});
		socket.on("berth:error", (event, { code }) => this.#onError(event, code));
	}

	#onDisconnect(): void {
		this.#isReady = false;
		this.#pause();
		if (this.#isClosed) return;
		const { least, most } = RECONNECT_PAUSE_MS;
		clearTimeout(this.#timers.retry);
		this.#timers.retry = setTimeout(() => this.#socket.connect(), this.#options.random.integer(least, most));
	}

	#onInputRefused(seq: number, code: string): void {
		this.#input.pause();
		this.#input.acknowledge(seq);
		if (code === "SESSION_ENDED") this.problems.push("input was refused: the session has ended");
		clearTimeout(this.#timers.resend);
		this.#timers.resend = setTimeout(() => {
			if (this.#isLive) this.#input.resume();
		}, RESEND_PAUSE_MS);
	}

	#onError(event: string, code: string): void {
		if (code !== "SESSION_NOT_ATTACHED") {
			this.problems.push(`${event} was refused: ${code}`);
			return;
		}
		this.#pause();
		void this.#attach();
	}

	#pause(): void {
		clearTimeout(this.#timers.resend);
		this.#input.pause();
		this.#isLive = false;
	}

	/** Attaches where the page was, whatever that takes; safe to call again. */
	async #attach(): Promise<void> {
		const sessionId = this.#sessionId;
		if (sessionId === null || this.#isBusy || this.#isLive || this.#isClosed) return;
		this.#isBusy = true;
		await this.#output.untilParsed();
		const from = this.#output.resumeFrom;
		await this.#request("session:attach", { pageId: this.pageId, sessionId, from, size: SIZE }, (reply) => {
			this.#isBusy = false;
			if (!reply.ok) this.#onAttachRefused(reply.error.code);
			else if (reply.from !== from) this.problems.push(`resumed from ${reply.from} instead of ${from}`);
			else this.#begin(reply);
		});
	}

	#onAttachRefused(code: string): void {
		if (code === "SESSION_NOT_FOUND" || code === "BAD_REQUEST") this.problems.push(`attach was refused: ${code}`);
		else setTimeout(() => void this.#attachWhereReady(), RETRY_PAUSE_MS);
	}

	async #attachWhereReady(): Promise<void> {
		if (this.#isReady) await this.#attach();
	}

	#begin({ session, from, inputAccepted }: Attached): void {
		this.attaches += 1;
		this.#sessionId = session.sessionId;
		this.#isLive = true;
		this.#output.attach(from, session.outputEnd);
		this.#input.restartFrom(inputAccepted);
	}

	/**
	 * `onReply` is called before anything that came behind the reply is looked at: a browser's page has gone on by then,
	 * because each message is an event of its own there.
	 */
	async #request<Name extends PageRequestName>(
		name: Name,
		request: object,
		onReply: (reply: Reply<PageRequestResults[Name]> | Unanswered) => void,
	): Promise<void> {
		const socket = this.#socket.timeout(REQUEST_LIMIT_MS) as unknown as LooseSocket<Reply<PageRequestResults[Name]>>;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		socket.emit(name, request, (error, reply) => {
			try {
				onReply(error === null ? reply : UNANSWERED);
				resolve();
			} catch (thrown) {
				reject(thrown);
			}
		});
		await promise;
	}

	#emit(emit: (sessionId: string) => void): void {
		if (this.#isLive && this.#sessionId !== null) emit(this.#sessionId);
	}
}

type LooseSocket<Reply> = {
	emit(name: string, request: object, onReply: (error: Error | null, reply: Reply) => void): void;
};
type Unanswered = { ok: false; error: { code: "UNANSWERED" } };
const UNANSWERED: Unanswered = { ok: false, error: { code: "UNANSWERED" } };
