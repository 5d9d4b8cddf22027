/** How an error leaves by HTTP: status, JSON, and when to try again. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type BerthError, ERROR_TABLE, toWireError } from "../protocol/errors.ts";

export function sendError(response: ServerResponse, error: BerthError): void {
	const { body, headers, status } = answerOf(error);
	response.writeHead(status, headers).end(body);
}

/** Answers a request of either kind. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: BerthError): void {
	// Engine.IO hands something like a response to those that look at upgrades.
	if (response instanceof ServerResponse) sendError(response, error);
	else refuseUpgrade(request.socket, error);
}

/** A request to become a WebSocket has no response object yet. */
function refuseUpgrade(socket: Duplex, error: BerthError): void {
	const { body, headers, status } = answerOf(error);
	const lines = Object.entries({ ...headers, Connection: "close" }).map(([name, value]) => `${name}: ${value}\r\n`);
	// Whoever has gone already is told nothing.
	socket.on("error", () => {}).once("finish", () => socket.destroy());
	socket.end(`HTTP/1.1 ${status} ${error.code}\r\n${lines.join("")}\r\n${body}`);
}

function answerOf(error: BerthError): { status: number; headers: Record<string, string>; body: string } {
	const body = JSON.stringify({ error: toWireError(error) });
	const headers = {
		"Content-Type": "application/json; charset=utf-8",
		"Content-Length": String(Buffer.byteLength(body)),
		"Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff",
		...(error.retryAfterMs === undefined ? {} : whenToTryAgain(error.retryAfterMs)),
	};
	return { status: ERROR_TABLE[error.code].status, headers, body };
}

/** `Refresh` makes a browser that asked for the page ask again by itself. */
function whenToTryAgain(retryAfterMs: number): Record<string, string> {
	const seconds = String(Math.ceil(retryAfterMs / 1000));
	return { "Retry-After": seconds, Refresh: seconds };
}
