/** The listener with TLS of its own: handshakes that never end, old protocols, no TLS at all, and requests of two lengths. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectPlainly, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { WebSocket } from "ws";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";

/** Of each kind. */
const CLIENTS = 50;
/** The beginning of a handshake, which announces 512 bytes more. */
const HALF_HELLO = Buffer.from("16030102000100", "hex");

let certificate: TestCertificate;
let gateway: GatewayProcess;

before(async () => {
	certificate = TestCertificate.trusted();
	gateway = await GatewayProcess.start({ ...certificate.environment, PUBLIC_URL: "https://shell.example.org" });
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	certificate?.[Symbol.dispose]();
});

function localBase(): string {
	return `https://localhost:${gateway.port}`;
}

async function secure(options: ConnectionOptions = {}, { port } = gateway): Promise<TLSSocket> {
	const socket = connect({ port, host: "127.0.0.1", servername: "localhost", ...options });
	await once(socket, "secureConnect");
	return socket;
}

async function raw(request: string, options: ConnectionOptions = {}): Promise<string> {
	const socket = await secure(options);
	socket.on("error", () => {});
	socket.write(request);
	return await text(socket).catch(() => "");
}

/** Resolves when the gateway has ended all of these. */
async function untilAllEnd(open: () => Socket | Promise<Socket>, drip = ""): Promise<void> {
	const one = async (): Promise<void> => {
		const socket = await open();
		socket.on("error", () => {}).resume();
		const closed = new Promise((resolve) => socket.once("close", resolve));
		const dripping = setInterval(() => drip !== "" && socket.write(drip), 1_000);
		await closed.finally(() => clearInterval(dripping));
	};
	await Promise.all(Array.from({ length: CLIENTS }, one));
}

function plainly(begin: Buffer | string = ""): Socket {
	const socket = connectPlainly(gateway.port, "127.0.0.1");
	socket.write(begin);
	return socket;
}

test("handshakes that never begin, never end or come drop by drop are ended in time, and others are served meanwhile", async () => {
	using page = await PageClient.connect(localBase());
	await page.untilReady();
	const screen = await page.open();
	let isOver = false;
	const over = Promise.all([
		untilAllEnd(() => plainly()),
		untilAllEnd(() => plainly(HALF_HELLO)),
		untilAllEnd(() => plainly(HALF_HELLO), "\x01"),
		// A handshake that is whole, with nothing or too little behind it.
		untilAllEnd(() => secure()),
		untilAllEnd(() => secure(), "G"),
	]).finally(() => {
		isOver = true;
	});
	while (!isOver) {
		assert.equal(await page.run(screen, "echo served"), "served");
		await Promise.race([sleep(1_000), over]);
	}
	await over;
});

test("protocols that are broken are not spoken", async () => {
	for (const version of ["TLSv1", "TLSv1.1"] as const) {
		const old = { minVersion: version, maxVersion: version, ciphers: "DEFAULT:@SECLEVEL=0" } as const;
		await assert.rejects(secure(old), /protocol version|unsupported protocol|no protocols/i, version);
	}
	for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
		const socket = await secure({ minVersion: version, maxVersion: version });
		assert.equal(socket.getProtocol(), version);
		socket.destroy();
	}
});

test("who does not speak TLS learns nothing: no page, no cookie, no redirect", async () => {
	const socket = plainly("GET /container-terminal HTTP/1.1\r\nHost: localhost\r\n\r\n");
	socket.on("error", () => {});
	assert.doesNotMatch(await text(socket).catch(() => ""), /HTTP|cookie|location/i);
});

test("requests that two servers could read differently are read by none, and what follows them is not read either", async () => {
	const next = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const post = "POST /api/v1/sign-ins/password HTTP/1.1\r\nHost: localhost\r\n";
	for (const request of [
		"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
		"Content-Length: 0\r\nContent-Length: 44\r\n\r\n",
		"Content-Length: 0, 44\r\n\r\n",
		"Content-Length: +0\r\n\r\n",
		"Content-Length: 0x0\r\n\r\n",
		"Content-Length: -1\r\n\r\n",
		"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
		"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
		"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\nx\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n1;a=\n\r\nx\r\n0\r\n\r\n",
	]) {
		const answer = await raw(`${post}${request}${next}`);
		assert.doesNotMatch(answer, /"status":"ok"/, JSON.stringify(request));
		assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/, JSON.stringify(request));
	}
});

test("a body that nobody takes ends the connection, so that nothing in it is taken for a request", async () => {
	const inner = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
	for (const path of ["/container-terminal", "/nothing", "/icon.svg"]) {
		const answer = await raw(
			`GET ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
		);
		assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*connection: close/i, path);
		assert.doesNotMatch(answer, /"status":"ok"/, path);
	}
});

test("whoever begins too many handshakes is cut off before them, and sockets count for as long as they are open", async () => {
	const settings = { ...certificate.environment, CONNECTIONS_PER_ADDRESS: "1" };
	{
		await using few = await GatewayProcess.start({ ...settings, REQUESTS_PER_ADDRESS: "1" });
		let begun = 0;
		for (; begun < 20; begun += 1) {
			const socket = await secure({}, few).catch(() => null);
			if (socket === null) break;
			const closed = once(socket, "close");
			socket.destroy();
			await closed;
		}
		assert.equal(begun, 10);
	}
	await using narrow = await GatewayProcess.start(settings);
	for (const _round of ["one", "another"]) {
		const sockets = await Promise.all(Array.from({ length: 4 }, () => secure({}, narrow)));
		await assert.rejects(secure({}, narrow), "a fifth");
		for (const socket of sockets) socket.destroy();
		let again: TLSSocket | null = null;
		while (again === null) again = await secure({}, narrow).catch(() => null);
		again.destroy();
		await sleep(100);
	}
});

test("no `Host` makes another origin the gateway's own, and no page without TLS passes for it", async () => {
	const cookie = await PageClient.newCookie(localBase());
	const handshake = async (origin: string, host: string): Promise<number> => {
		const address = `wss://localhost:${gateway.port}/socket.io/?EIO=4&transport=websocket`;
		const webSocket = new WebSocket(address, { headers: { cookie, origin, host } });
		const status = new Promise<number>((resolve, reject) => {
			webSocket
				.on("open", () => resolve(101))
				.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode ?? 0))
				.on("error", reject);
		});
		return await status.finally(() => webSocket.on("error", () => {}).terminate());
	};
	const local = `localhost:${gateway.port}`;
	assert.equal(await handshake("https://shell.example.org", local), 101, "whatever a proxy makes of Host");
	for (const [origin, host] of [
		[`https://${local}`, local],
		["http://shell.example.org", local],
		["https://127.0.0.1", "127.0.0.1"],
		["https://shell.example.org.evil.example", local],
		["https://evil.example", local],
	] as const) {
		assert.equal(await handshake(origin, host), 400, `${origin} at ${host}`);
	}
});

test("a redirect takes nothing from `Host` and what looks like it", async () => {
	for (const lines of [
		"Host: localhost@evil.example",
		"Host: localhost\r\nX-Forwarded-Host: evil.example",
		"Host: localhost\r\nForwarded: host=evil.example;proto=gopher",
		"Host: localhost:1",
	]) {
		for (const path of [
			"/",
			"//evil.example/",
			"/container-terminal/",
			"https://evil.example/",
			"/%2f%2fevil.example",
		]) {
			const answer = await raw(`GET ${path} HTTP/1.1\r\n${lines}\r\nConnection: close\r\n\r\n`);
			const [, location = ""] = /^location: (.*)$/im.exec(answer.split("\r\n\r\n", 1)[0] ?? "") ?? [];
			assert.ok(location === "" || location.trim() === "/container-terminal", `${path} leads to ${location}`);
		}
	}
});
