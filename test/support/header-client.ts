/** Asks with headers and from an address of one's choice, as a proxy does, or somebody who would like to be one. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { io } from "socket.io-client";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import type { Welcome } from "../../server/protocol/terminal.ts";
import { SLOWNESS } from "./patience.ts";

/** A list is sent as so many lines. */
export type SentHeaders = Record<string, string | string[]>;

const PATIENCE_MS = 10_000 * SLOWNESS;

export async function askFrom(
	localAddress: string,
	address: string,
	headers: SentHeaders,
): Promise<{ status: number; location: string | undefined; body: string }> {
	const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof askFrom>>>();
	const url = new URL(address);
	// The gateway listens on 127.0.0.1, which `localhost` need not be for an address of one's choice.
	const { hostname, port } = { hostname: "127.0.0.1", port: url.port };
	const options = {
		hostname,
		port,
		path: url.pathname + url.search,
		localAddress,
		headers: { host: url.host, ...headers },
	};
	const asked = request(options, async (answer) => {
		const { location } = answer.headers;
		resolve({ status: answer.statusCode ?? 0, location, body: await text(answer) });
	});
	asked.once("error", reject).end();
	return await promise;
}

/** Whom the gateway takes a page for that connects like this; null where it lets nobody in. */
export async function pageUser(
	base: string,
	headers: Record<string, string>,
	how: { transport: "websocket" | "polling"; localAddress?: string },
): Promise<string | null> {
	const { transport, localAddress } = how;
	const socket = io(base.replace("localhost", "127.0.0.1"), {
		transports: [transport],
		parser: socketParser,
		extraHeaders: headers,
		reconnection: false,
		forceNew: true,
		...(localAddress !== undefined && { localAddress }),
	});
	const { promise, resolve, reject } = Promise.withResolvers<string | null>();
	const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS);
	socket.once("welcome", ({ user }: Welcome) => resolve(user.displayName));
	socket.once("connect_error", (error) => {
		assert.equal(Object(error).data?.code, "UNAUTHENTICATED", error.message);
		resolve(null);
	});
	return await promise.finally(() => {
		clearTimeout(timer);
		socket.disconnect();
	});
}
