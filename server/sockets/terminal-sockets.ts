/** The Socket.IO side: lets pages in, gives each a `PageConnection`, and passes session news to a user's pages. */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { type DefaultEventsMap, Server, type Socket } from "socket.io";
import { actorOf, type Presence } from "../core/authentication.ts";
import type { Visitor } from "../core/identity.ts";
import type { Log } from "../core/log.ts";
import { mayTalk, type OriginPolicy } from "../core/origin.ts";
import type { Places } from "../core/places.ts";
import type { SessionAudit } from "../core/session-audit.ts";
import type { AccountLimits } from "../protocol/account-limits.ts";
import { BerthError, toWireError } from "../protocol/errors.ts";
import type { SignInId, UserId, Username } from "../protocol/ids.ts";
import { MAX_SOCKET_MESSAGE_BYTES, TERMINAL_PROTOCOL_VERSION } from "../protocol/limits.ts";
import type { UserEvent } from "../protocol/link.ts";
import type { SignInEnd } from "../protocol/sign-in.ts";
import { socketParser } from "../protocol/socket-parser.ts";
import type { GatewayToPageEvents, SecretChange, Welcome } from "../protocol/terminal.ts";
import { ConnectionLimits, type ConnectionLimitsOptions } from "./connection-limits.ts";
import { meteredWebSockets } from "./metered-web-sockets.ts";
import { PageConnection } from "./page-connection.ts";
import type { SecretsOf } from "./page-sessions.ts";

/** What a page sends is of no type until it is parsed, so that its events are not declared here. */
export type PageSocket = Socket<DefaultEventsMap, GatewayToPageEvents, DefaultEventsMap, PageData>;

/** Who is at a page, and where it is, as it is written down. */
export type AtSocket = { presence: Presence; address: string };

type PageData = AtSocket;

export type TerminalSocketsOptions = {
	/** Where connections begin. */
	path: string;
	/** Whose a request is; null where it is nobody's. */
	identify(request: IncomingMessage): Presence | null;
	originPolicy: OriginPolicy;
	isolation: Welcome["isolation"];
	secretsOf: SecretsOf;
	/** What a visitor may use. */
	limitsOf(visitor: Visitor): AccountLimits;
	limits: Omit<ConnectionLimitsOptions, "identify" | "log">;
	sessionAudit: SessionAudit;
	log: Log;
};

/** A page that says nothing for interval + timeout is taken for gone, and its attachments end. */
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 20_000;
/** Whoever has connected and does not say that they are a page by then is none. */
const CONNECT_LIMIT_MS = 10_000;

export class TerminalSockets implements AsyncDisposable {
	readonly #options: TerminalSocketsOptions;
	readonly #server: Server<DefaultEventsMap, GatewayToPageEvents, DefaultEventsMap, PageData>;
	readonly #limits: ConnectionLimits;
	readonly #pages = new Map<Username, Set<PageConnection>>();
	/** Who is at the other end of each connection. A page may leave and come again on the same one. */
	readonly #known = new WeakMap<PageSocket["conn"], AtSocket>();

	constructor(http: HttpServer | HttpsServer, options: TerminalSocketsOptions) {
		const { identify, limits, log } = options;
		this.#options = options;
		this.#limits = new ConnectionLimits({ ...limits, identify, log });
		this.#server = new Server(http, {
			path: options.path,
			parser: socketParser,
			serveClient: false,
			maxHttpBufferSize: MAX_SOCKET_MESSAGE_BYTES,
			pingInterval: PING_INTERVAL_MS,
			pingTimeout: PING_TIMEOUT_MS,
			connectTimeout: CONNECT_LIMIT_MS,
			wsEngine: meteredWebSockets(this.#limits.meterOf),
			perMessageDeflate: false,
			httpCompression: false,
			allowRequest: (request, decide) => decide(null, mayTalk(request.headers, options.originPolicy)),
		});
		this.#limits.attach(this.#server.engine);
		this.#server.use((socket, next) => this.#admit(socket, next));
	}

	/** Begins to take pages. `places` comes here, not to the constructor, because it asks who is present. */
	serve(places: Places): void {
		this.#server.on("connection", (socket) => this.#welcome(socket, places));
	}

	/** Users with at least one page open. */
	presentUsers(): UserId[] {
		return [...this.#pages.values()].flatMap(([page]) => (page === undefined ? [] : [page.presence.user.userId]));
	}

	/** The pool changed: each page looks again for its place. */
	refreshPlaces(): void {
		for (const page of this.#allPages()) page.refreshPlace();
	}

	/** Tells a user's pages what happened to one of the user's sessions. */
	publish(event: UserEvent): void {
		for (const page of this.#pages.get(event.username) ?? []) page.onUserEvent(event);
	}

	/** Sign-ins that a page is open by. */
	presentSignIns(): SignInId[] {
		return [...this.#allPages()].flatMap(({ presence }) => presence.signInId ?? []);
	}

	/** A sign-in has ended: its pages are told, and disconnected. Programs go on. */
	dropSignIn(signInId: SignInId, why: SignInEnd): void {
		for (const page of [...this.#allPages()]) if (page.presence.signInId === signInId) page.signOut(why);
	}

	/** A user may not come in any more, or is another one now: all their pages are told, and disconnected. */
	dropUser(userId: UserId, why: SignInEnd): void {
		for (const page of this.#pagesOf(userId)) page.signOut(why);
	}

	/** Tells a user's pages that shells which run have other secrets than new ones. */
	tellSecretChanged(userId: UserId, change: SecretChange): void {
		for (const page of this.#pagesOf(userId)) page.onSecretChanged(change);
	}

	/** Tells all pages that the gateway goes, and disconnects them. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.emit("gateway:closing");
		for (const page of this.#allPages()) page[Symbol.dispose]();
		await this.#server.close();
	}

	#pagesOf(userId: UserId): PageConnection[] {
		return [...this.#allPages()].filter(({ presence }) => presence.user.userId === userId);
	}

	*#allPages(): Iterable<PageConnection> {
		for (const pages of this.#pages.values()) yield* pages;
	}

	#admit(socket: PageSocket, next: (error?: Error) => void): void {
		const { conn } = socket;
		try {
			const known = this.#known.get(conn) ?? this.#whoIs(socket.request);
			this.#admitPage(known);
			this.#known.set(conn, known);
			Object.assign(socket.data, known);
			next();
		} catch (thrown) {
			next(handshakeError(thrown));
			// Once it is told why; it need not be kept until it goes by itself.
			setImmediate(() => conn.close());
		}
	}

	/** Throws `BerthError` UNAUTHENTICATED. */
	#whoIs(request: IncomingMessage): AtSocket {
		const presence = this.#limits.presenceOf(request);
		if (presence === null) throw new BerthError("UNAUTHENTICATED");
		return { presence, address: this.#options.limits.addressOf(request) };
	}

	/** Throws `BerthError` USER_DISABLED, or what `ConnectionLimits.admit` does. */
	#admitPage({ presence, address }: AtSocket): void {
		if (presence.user.disabledAt !== null) throw new BerthError("USER_DISABLED");
		try {
			this.#limits.admit(presence);
		} catch (thrown) {
			this.#options.limits.limitAudit.note(thrown, { actor: actorOf(presence.user), address }, "a page");
			throw thrown;
		}
	}

	#welcome(socket: PageSocket, places: Places): void {
		const { isolation, limits, limitsOf, log, secretsOf, sessionAudit } = this.#options;
		const { presence, address } = socket.data;
		const { user: visitor } = presence;
		const { userId, username, displayName } = visitor;
		forgetRequest(socket);
		const allowance = this.#limits.enter(presence);
		const audits = { sessions: sessionAudit, limits: limits.limitAudit };
		const at = { presence, address, allowance };
		const pageLog = log.child({ userId, page: socket.id });
		const page = new PageConnection(socket, at, { places, secretsOf, audits, log: pageLog });
		const pages = this.#pages.get(username) ?? new Set();
		this.#pages.set(username, pages.add(page));
		socket.once("disconnect", () => {
			this.#limits.leave(presence, allowance);
			places.noteUse(visitor);
			page[Symbol.dispose]();
			pages.delete(page);
			if (pages.size === 0) this.#pages.delete(username);
		});
		socket.emit("welcome", {
			protocol: TERMINAL_PROTOCOL_VERSION,
			isolation,
			user: { username, displayName },
			method: presence.method,
			sessionsPerUser: limitsOf(visitor).sessions,
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
function handshakeError(thrown: unknown): Error {
	const data = toWireError(thrown);
	return Object.assign(new Error(data.message), { data });
}
