/**
 * A page and its shells as the gateway sees them: the page's own protocol and rhythm of acknowledgements, and a
 * terminal that parses at once.
 */
import { randomBytes } from "node:crypto";
import { io, type Socket } from "socket.io-client";
import { OUTPUT_ACK_BYTES, OUTPUT_TAIL_BYTES } from "../../server/protocol/limits.ts";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import type {
	Attached,
	GatewayToPageEvents,
	PageToGatewayEvents,
	Reply,
	Welcome,
} from "../../server/protocol/terminal.ts";
import { reconnectDelayMs } from "../../web/container-terminal/back-off.ts";
import { BenchShell } from "./bench-shell.ts";

const SIZE = { cols: 80, rows: 24 };
const REQUEST_LIMIT_MS = 60_000;
const CONNECT_LIMIT_MS = 60_000;

type PageSocket = Socket<GatewayToPageEvents, PageToGatewayEvents>;

export class BerthPage implements Disposable {
	readonly socket: PageSocket;
	readonly pageId = randomBytes(16).toString("base64url");
	username = "";
	container = "";
	readonly #shells = new Map<string, BerthShell>();
	#attempt = 0;
	#isClosed = false;

	/** Resolves once the page knows where its shells run. */
	static async connect(base: string, cookie: string): Promise<BerthPage> {
		const page = new BerthPage(base, cookie);
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const timer = setTimeout(() => reject(new Error("the gateway gave no place")), CONNECT_LIMIT_MS);
		page.socket.on("place", (place) => {
			if (place.kind !== "ready") return;
			page.container = place.container;
			resolve();
		});
		await promise.finally(() => clearTimeout(timer));
		return page;
	}

	private constructor(base: string, cookie: string) {
		this.socket = io(base, {
			transports: ["websocket"],
			parser: socketParser,
			extraHeaders: { cookie },
			reconnection: false,
			forceNew: true,
		});
		this.socket.on("welcome", ({ user }: Welcome) => {
			this.username = user.username;
		});
		this.socket.on("session:output", (sessionId, offset, bytes) => this.#shells.get(sessionId)?.take(offset, bytes));
		this.socket.on("connect", () => {
			this.#attempt = 0;
		});
		this.socket.on("disconnect", () => this.#retryLater());
		this.socket.on("connect_error", () => this.#retryLater());
	}

	async open(): Promise<BerthShell> {
		return await new Promise((resolve, reject) => {
			const request = { pageId: this.pageId, name: "bench", size: SIZE };
			const reply = (error: Error | null, reply: Reply<Attached>): void => {
				if (error !== null || !reply.ok) reject(new Error(`open: ${JSON.stringify(error?.message ?? reply)}`));
				// Within the callback: output may come in the same turn.
				else resolve(this.#keep(reply));
			};
			this.socket.timeout(REQUEST_LIMIT_MS).emit("session:open", request, reply);
		});
	}

	/** Resumes after the connection broke, where the shell's output was. */
	async attach(shell: BerthShell): Promise<Attached> {
		return await new Promise((resolve, reject) => {
			const { sessionId, offset: from } = shell;
			const request = { pageId: this.pageId, sessionId, from, size: SIZE };
			const reply = (error: Error | null, reply: Reply<Attached>): void => {
				if (error !== null || !reply.ok) reject(new Error(`attach: ${JSON.stringify(error?.message ?? reply)}`));
				else resolve(reply);
			};
			this.socket.timeout(REQUEST_LIMIT_MS).emit("session:attach", request, reply);
		});
	}

	[Symbol.dispose](): void {
		this.#isClosed = true;
		this.socket.disconnect();
	}

	#keep({ session, from, inputAccepted }: Attached): BerthShell {
		const shell = new BerthShell(this.socket, session.sessionId, from, inputAccepted);
		this.#shells.set(session.sessionId, shell);
		return shell;
	}

	/** With the page's own pauses. */
	#retryLater(): void {
		if (this.#isClosed) return;
		this.#attempt += 1;
		setTimeout(() => {
			if (!this.#isClosed) this.socket.connect();
		}, reconnectDelayMs(this.#attempt));
	}
}

export class BerthShell extends BenchShell {
	readonly sessionId: string;
	/** Of the next byte of output. */
	offset: number;
	readonly #socket: PageSocket;
	#seq: number;
	#acknowledged: number;
	#isAckPlanned = false;

	constructor(socket: PageSocket, sessionId: string, from: number, seq: number) {
		super();
		this.#socket = socket;
		this.sessionId = sessionId;
		this.offset = from;
		this.#acknowledged = from;
		this.#seq = seq;
	}

	/** Output of the gateway's. Throws where it does not go on where it was. */
	take(offset: number, bytes: Uint8Array): void {
		if (offset !== this.offset) throw new Error(`output at ${offset} where ${this.offset} was next`);
		this.offset += bytes.length;
		if (this.offset - this.#acknowledged >= OUTPUT_ACK_BYTES) this.#acknowledge();
		else if (this.offset - this.#acknowledged >= OUTPUT_TAIL_BYTES) this.#acknowledgeSoon();
		this.receive(bytes);
	}

	type(text: string): void {
		const bytes = encoder.encode(text);
		this.#socket.emit("session:input", this.sessionId, this.#seq, bytes);
		this.#seq += bytes.length;
	}

	stopReading(): void {
		this.#rawConnection().pause();
	}

	async close(): Promise<void> {
		this.#rawConnection().resume();
		await new Promise((resolve) => {
			this.#socket.timeout(REQUEST_LIMIT_MS).emit("session:close", { sessionId: this.sessionId }, resolve);
		});
	}

	/** A terminal that has parsed everything says so once it has nothing else to do. */
	#acknowledgeSoon(): void {
		if (this.#isAckPlanned) return;
		this.#isAckPlanned = true;
		setImmediate(() => {
			this.#isAckPlanned = false;
			if (this.#acknowledged < this.offset) this.#acknowledge();
		});
	}

	#acknowledge(): void {
		this.#acknowledged = this.offset;
		if (this.#socket.connected) this.#socket.emit("session:ack", this.sessionId, this.offset);
	}

	/** The WebSocket below Engine.IO, which offers no way to stop reading. */
	#rawConnection(): { pause(): void; resume(): void } {
		const transport: { ws?: { pause(): void; resume(): void } } = Object(this.#socket.io.engine.transport);
		if (transport.ws === undefined) throw new Error("the page is not connected by WebSocket");
		return transport.ws;
	}
}

const encoder = new TextEncoder();
