/**
 * The HTTP or HTTPS server, with a limit on the time and the connections that somebody who says nothing can take.
 */
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Socket } from "node:net";
import type { SecureContextOptions } from "node:tls";
import type { RateLimit } from "../core/rate-limit.ts";
import { Tally } from "../core/tally.ts";
import type { ClientAddresses } from "../limits/client-address.ts";

/** Two round trips of small packets, as slow as those of headers. */
const HANDSHAKE_LIMIT_MS = 10_000;
/** Headers are one packet or two; this is for the slowest of lines. Holds from the first byte, or from none. */
const HEADERS_LIMIT_MS = 10_000;
/** The largest request is a page's input without WebSockets, 64 KiB. */
const REQUEST_LIMIT_MS = 20_000;
/** Longer than proxies commonly keep theirs would be; short, because browsers that have the page are done. */
const IDLE_LIMIT_MS = 5_000;
/** How late the limits above may be noticed. */
const CHECK_EVERY_MS = 1_000;
/** Pages are told and go at once; whoever says nothing, or only half of it, is cut off after this. */
const CLOSING_LIMIT_MS = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** Browsers open six connections to load a page and keep one of them: what is more serves nobody. */
const SOCKETS_PER_CONNECTION = 4;

export type TlsFiles = Pick<SecureContextOptions, "cert" | "key">;

/** Disposed of before its server is closed, which waits for every connection. */
export type Listener = Disposable & {
	server: HttpServer | HttpsServer;
	/** For connections from now on; those that are there go on. Null where the listener speaks no TLS. */
	replaceCertificate: ((certificate: TlsFiles) => void) | null;
};

export type ListenerOptions = {
	/** Null where whatever is in front of the gateway ends TLS, or nothing does. */
	certificate: TlsFiles | null;
	addresses: ClientAddresses;
	/** Pages that may be connected from one address. */
	connectionsPerAddress: number;
	/** Of an address's handshakes, which cost more than most requests. */
	handshakeLimit: RateLimit;
};

export function createListener(app: RequestListener, options: ListenerOptions): Listener {
	const { server, replaceCertificate } = serverFor(app, options.certificate);
	server.maxHeadersCount = MAX_HEADERS;
	boundSockets(server, options);
	if (options.certificate !== null) boundHandshakes(server, options);
	const open = openSockets(server);
	const cutOff = (): void => {
		for (const socket of open) socket.destroy();
	};
	return { server, replaceCertificate, [Symbol.dispose]: () => void setTimeout(cutOff, CLOSING_LIMIT_MS).unref() };
}

function serverFor(app: RequestListener, certificate: TlsFiles | null): Omit<Listener, typeof Symbol.dispose> {
	const limits = {
		headersTimeout: HEADERS_LIMIT_MS,
		requestTimeout: REQUEST_LIMIT_MS,
		keepAliveTimeout: IDLE_LIMIT_MS,
		connectionsCheckingInterval: CHECK_EVERY_MS,
		maxHeaderSize: MAX_HEADER_BYTES,
	};
	if (certificate === null) return { server: createHttpServer(limits, app), replaceCertificate: null };
	const handshakeTimeout = HANDSHAKE_LIMIT_MS;
	const server = createHttpsServer({ ...limits, handshakeTimeout, ...withVersions(certificate) }, app);
	return { server, replaceCertificate: (newer) => server.setSecureContext(withVersions(newer)) };
}

/** Ciphers are those that Node's maintainers choose. */
function withVersions({ cert, key }: TlsFiles): SecureContextOptions {
	return { cert, key, minVersion: "TLSv1.2" };
}

/** Those without a handshake as well, which the server knows nothing of. */
function openSockets(server: HttpServer): ReadonlySet<Socket> {
	const open = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		open.add(socket);
		socket.once("close", () => open.delete(socket));
	});
	return open;
}

function boundSockets(server: HttpServer, { addresses, connectionsPerAddress }: ListenerOptions): void {
	const sockets = new Tally();
	server.on("connection", (socket: Socket) => {
		const peer = socket.remoteAddress ?? "";
		if (addresses.isProxy(peer)) return;
		const address = addresses.countedAs(peer);
		if (sockets.of(address) >= SOCKETS_PER_CONNECTION * connectionsPerAddress) {
			socket.destroy();
			return;
		}
		sockets.add(address);
		socket.once("close", () => sockets.remove(address));
	});
}

/** Whoever begins too many is cut off before the handshake: its first bytes are read after this. */
function boundHandshakes(server: HttpServer, { addresses, handshakeLimit }: ListenerOptions): void {
	server.on("connection", (socket: Socket) => {
		const peer = socket.remoteAddress ?? "";
		if (addresses.isProxy(peer)) return;
		void handshakeLimit.take(`handshake ${addresses.countedAs(peer)}`).then((waitMs) => {
			if (waitMs > 0) socket.destroy();
		});
	});
}
