/**
 * WebSockets that are read no faster than their user's meter allows. Whoever sends too much is slowed down, as by a slow
 * line: nothing is refused and nothing is lost, however much an honest page may send.
 */
import type { IncomingMessage } from "node:http";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import type { MessageMeter } from "./message-meter.ts";

type ServerOptions = ConstructorParameters<typeof WebSocketServer>[0];

/** Whoever does not say goodbye within 5 s is cut off. (The library's types do not know this option yet.) */
const ENDING = { closeTimeout: 5_000 };

/** The class that Engine.IO is to make its WebSockets with. `meterOf` says by which meter one is read. */
export function meteredWebSockets(meterOf: (request: IncomingMessage, webSocket: WebSocket) => MessageMeter) {
	return class extends WebSocketServer {
		constructor(options?: ServerOptions) {
			super({ ...options, ...ENDING });
		}

		override handleUpgrade(...[request, socket, head, onOpen]: Parameters<WebSocketServer["handleUpgrade"]>): void {
			super.handleUpgrade(request, socket, head, (webSocket, opened) => {
				readBy(meterOf(opened, webSocket), webSocket);
				onOpen(webSocket, opened);
			});
		}
	};
}

function readBy(meter: MessageMeter, webSocket: WebSocket): void {
	const take = (bytes: number): void => {
		const pauseMs = meter.take(bytes);
		if (pauseMs === 0 || webSocket.isPaused) return;
		webSocket.pause();
		setTimeout(() => webSocket.resume(), pauseMs).unref();
	};
	webSocket.on("message", (message: RawData) => take(lengthOf(message)));
	// The library answers pings by itself, which costs much the same.
	webSocket.on("ping", (payload) => take(payload.length));
	webSocket.on("pong", (payload) => take(payload.length));
}

function lengthOf(message: RawData): number {
	return Array.isArray(message) ? message.reduce((sum, { length }) => sum + length, 0) : message.byteLength;
}
