/** A page's connection as gateway-connection.ts keeps it, without a browser: connects again whenever it broke. */
import { io, type Socket } from "socket.io-client";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import type {
	GatewayToPageEvents,
	PageRequestName,
	PageRequestResults,
	PageToGatewayEvents,
	Reply,
} from "../../server/protocol/terminal.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

/** A page waits half a second and more; here many breaks are to fit into little time. */
const RECONNECT_PAUSE_MS = { least: 0, most: 80 };
/** A connection that breaks between upgrade and handshake is noticed by nothing else. */
const CONNECT_LIMIT_MS = 1_000;
const REQUEST_LIMIT_MS = 20_000;

export type PageWireOptions = {
	base: string;
	cookie: string;
	random: SeededRandom;
	/** There is a place for the user's sessions. */
	onReady(): void;
	/** No connection, or no place. */
	onLost(): void;
};

export class PageWire implements Disposable {
	readonly socket: Socket<GatewayToPageEvents, PageToGatewayEvents>;
	/** How often a connection broke or was not made. */
	breaks = 0;
	readonly #options: PageWireOptions;
	#isReady = false;
	/** Not to be connected, now or ever again. */
	#isAway = false;
	#retry: NodeJS.Timeout | undefined;

	constructor(options: PageWireOptions) {
		this.#options = options;
		this.socket = io(options.base, {
			transports: ["websocket"],
			parser: socketParser,
			extraHeaders: { cookie: options.cookie },
			timeout: CONNECT_LIMIT_MS,
			reconnection: false,
			forceNew: true,
		});
		this.socket.on("disconnect", () => this.#onBreak());
		this.socket.on("connect_error", () => this.#onBreak());
		this.socket.on("gateway:closing", () => this.socket.disconnect());
		this.socket.on("place", ({ kind }) => {
			this.#isReady = kind === "ready";
			if (this.#isReady) options.onReady();
			else options.onLost();
		});
	}

	get isReady(): boolean {
		return this.#isReady;
	}

	/** `onReply` is called before anything that came right behind the reply is told. */
	async request<Name extends PageRequestName>(
		name: Name,
		request: object,
		onReply: (reply: Reply<PageRequestResults[Name]>) => void = () => {},
	): Promise<Reply<PageRequestResults[Name]>> {
		// Socket.IO would keep the request for the next connection, where it means nothing.
		if (!this.socket.connected) return UNANSWERED;
		const socket = this.socket.timeout(REQUEST_LIMIT_MS) as unknown as LooseSocket<Reply<PageRequestResults[Name]>>;
		return await new Promise((resolve, reject) => {
			socket.emit(name, request, (error, answer) => {
				const reply = error === null ? answer : UNANSWERED;
				try {
					onReply(reply);
					resolve(reply);
				} catch (thrown) {
					reject(thrown);
				}
			});
		});
	}

	/** The laptop is closed: once the connection is gone it stays so until `comeBack`. */
	stayAway(): void {
		this.#isAway = true;
		clearTimeout(this.#retry);
	}

	comeBack(): void {
		this.#isAway = false;
		this.socket.connect();
	}

	[Symbol.dispose](): void {
		this.#isAway = true;
		clearTimeout(this.#retry);
		this.socket.disconnect();
	}

	#onBreak(): void {
		this.breaks += 1;
		this.#isReady = false;
		this.#options.onLost();
		if (this.#isAway) return;
		const { least, most } = RECONNECT_PAUSE_MS;
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => this.socket.connect(), this.#options.random.integer(least, most));
	}
}

type LooseSocket<Answer> = {
	emit(name: string, request: object, onReply: (error: Error | null, answer: Answer) => void): void;
};

const UNANSWERED = {
	ok: false,
	error: { code: "LINK_BROKEN", message: "Nobody answered.", action: "It is tried again.", isRetryable: true },
} as const;
