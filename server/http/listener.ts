/** The HTTP server, with a limit on the time and the connections that somebody who says nothing can take. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { Socket } from "node:net";
import { Tally } from "../core/tally.ts";
import type { ClientAddresses } from "../limits/client-address.ts";

/** Headers are one packet or two; this is for the slowest of lines. Holds from the first byte, or from none. */
const HEADERS_LIMIT_MS = 10_000;
/** The largest request is a page's input without WebSockets, 64 KiB. */
const REQUEST_LIMIT_MS = 20_000;
/** Longer than proxies commonly keep theirs would be; short, because browsers that have the page are done. */
const IDLE_LIMIT_MS = 5_000;
/** How late the limits above may be noticed. */
const CHECK_EVERY_MS = 1_000;
const MAX_HEADER_BYTES = 16 * 1024;
const MAX_HEADERS = 100;
/** Browsers open six connections to load a page and keep one of them: what is more serves nobody. */
const SOCKETS_PER_CONNECTION = 4;

export type ListenerOptions = {
	addresses: ClientAddresses;
	/** Pages that may be connected from one address. */
	connectionsPerAddress: number;
};

export function createListener(app: RequestListener, options: ListenerOptions): Server {
	const server = createServer(
		{
			headersTimeout: HEADERS_LIMIT_MS,
			requestTimeout: REQUEST_LIMIT_MS,
			keepAliveTimeout: IDLE_LIMIT_MS,
			connectionsCheckingInterval: CHECK_EVERY_MS,
			maxHeaderSize: MAX_HEADER_BYTES,
		},
		app,
	);
	server.maxHeadersCount = MAX_HEADERS;
	boundSockets(server, options);
	return server;
}

function boundSockets(server: Server, { addresses, connectionsPerAddress }: ListenerOptions): void {
	const sockets = new Tally();
	server.on("connection", (socket: Socket) => {
		const address = socket.remoteAddress ?? "";
		if (addresses.isProxy(address)) return;
		if (sockets.of(address) >= SOCKETS_PER_CONNECTION * connectionsPerAddress) {
			socket.destroy();
			return;
		}
		sockets.add(address);
		socket.once("close", () => sockets.remove(address));
	});
}
