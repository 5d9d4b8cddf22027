/** The Socket.IO side: lets pages in, gives each a `PageConnection`, and passes session news to a user's pages. */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { type DefaultEventsMap, Server, type Socket } from "socket.io";
import type { Authenticator } from "../core/authenticator.ts";
import { type Visitor, visitorOf } from "../core/identity.ts";
import type { Log } from "../core/log.ts";
import { mayTalk, type OriginPolicy } from "../core/origin.ts";
import type { Places } from "../core/places.ts";
import { BerthError, toWireError } from "../protocol/errors.ts";
import type { UserId, Username } from "../protocol/ids.ts";
import { MAX_SOCKET_MESSAGE_BYTES, TERMINAL_PROTOCOL_VERSION } from "../protocol/limits.ts";
import type { SessionEvent } from "../protocol/link.ts";
import { socketParser } from "../protocol/socket-parser.ts";
import type { GatewayToPageEvents, Welcome } from "../protocol/terminal.ts";
import { PageConnection } from "./page-connection.ts";

/** What a page sends is of no type until it is parsed, so that its events are not declared here. */
export type PageSocket = Socket<DefaultEventsMap, GatewayToPageEvents, DefaultEventsMap, { visitor: Visitor }>;

export type TerminalSocketsOptions = {
	authenticator: Authenticator;
	originPolicy: OriginPolicy;
	isolation: Welcome["isolation"];
	sessionsPerUser: number;
	log: Log;
};

/** A page that says nothing for interval + timeout is taken for gone, and its attachments end. */
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 20_000;

export class TerminalSockets implements AsyncDisposable {
	readonly #options: TerminalSocketsOptions;
	readonly #server: Server<DefaultEventsMap, GatewayToPageEvents, DefaultEventsMap, { visitor: Visitor }>;
	readonly #pages = new Map<Username, Set<PageConnection>>();
	/** Who is at the other end of each connection. A page may leave and come again on the same one. */
	readonly #visitors = new WeakMap<PageSocket["conn"], Visitor>();

	constructor(http: HttpServer, options: TerminalSocketsOptions) {
		this.#options = options;
		this.#server = new Server(http, {
			parser: socketParser,
			serveClient: false,
			maxHttpBufferSize: MAX_SOCKET_MESSAGE_BYTES,
			pingInterval: PING_INTERVAL_MS,
			pingTimeout: PING_TIMEOUT_MS,
			perMessageDeflate: false,
			httpCompression: false,
			allowRequest: (request, decide) => decide(null, mayTalk(request.headers, options.originPolicy)),
		});
		this.#server.use((socket, next) => this.#authenticate(socket, next));
	}

	/** Begins to take pages. `places` comes here, not to the constructor, because it asks who is present. */
	serve(places: Places): void {
		this.#server.on("connection", (socket) => this.#welcome(socket, places));
	}

	/** Users with at least one page open. */
	presentUsers(): UserId[] {
		return [...this.#pages.values()].flatMap(([page]) => (page === undefined ? [] : [page.visitor.userId]));
	}

	/** The pool changed: each page looks again for its place. */
	refreshPlaces(): void {
		for (const page of this.#allPages()) page.refreshPlace();
	}

	/** Tells a user's pages what happened to one of the user's sessions. */
	publish(event: SessionEvent): void {
		for (const page of this.#pages.get(event.username) ?? []) page.onSessionEvent(event);
	}

	/** Tells all pages that the gateway goes, and disconnects them. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.emit("gateway:closing");
		for (const page of this.#allPages()) page[Symbol.dispose]();
		await this.#server.close();
	}

	*#allPages(): Iterable<PageConnection> {
		for (const pages of this.#pages.values()) yield* pages;
	}

	#authenticate(socket: PageSocket, next: (error?: Error) => void): void {
		const visitor = this.#visitors.get(socket.conn) ?? this.#identify(socket.request);
		if (visitor === null) {
			next(handshakeError(new BerthError("UNAUTHENTICATED")));
			return;
		}
		this.#visitors.set(socket.conn, visitor);
		socket.data.visitor = visitor;
		next();
	}

	#identify({ headers }: IncomingMessage): Visitor | null {
		const identity = this.#options.authenticator.identify(headers.cookie);
		return identity === null ? null : visitorOf(identity);
	}

	#welcome(socket: PageSocket, places: Places): void {
		const { isolation, log, sessionsPerUser } = this.#options;
		const { visitor } = socket.data;
		const { userId, username, displayName } = visitor;
		forgetRequest(socket);
		const page = new PageConnection(socket, visitor, places, log.child({ userId, page: socket.id }));
		const pages = this.#pages.get(username) ?? new Set();
		this.#pages.set(username, pages.add(page));
		socket.once("disconnect", () => {
			places.noteUse(visitor);
			page[Symbol.dispose]();
			pages.delete(page);
			if (pages.size === 0) this.#pages.delete(username);
		});
		socket.emit("welcome", {
			protocol: TERMINAL_PROTOCOL_VERSION,
			isolation,
			user: { username, displayName },
			sessionsPerUser,
		});
		page.refreshPlace();
		places.noteUse(visitor);
	}
}

/** Of 30 KB that an idle page costs, the request that it came with would be 9. Socket.IO does without it from here on. */
function forgetRequest({ conn }: PageSocket): void {
	Object.assign(conn, { request: null });
}

/** Socket.IO carries `data` of the error to the page's `connect_error`. */
function handshakeError(error: BerthError): Error {
	return Object.assign(new Error(error.message), { data: toWireError(error) });
}
