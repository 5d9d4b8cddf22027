/** Line ends and lies in what becomes a header, a log line or a title, on a real gateway. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({ TRUST_PROXY: "loopback", REQUESTS_PER_ADDRESS: "2" });
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

async function raw(request: string): Promise<string> {
	const socket = connect(Number(new URL(gateway.base).port), "127.0.0.1");
	await once(socket, "connect");
	socket.write(request);
	return await text(socket);
}

test("no header of an answer is made from what was asked", async () => {
	for (const request of [
		"GET /%0d%0aSet-Cookie:%20owned=1 HTTP/1.1\r\nHost: localhost\r\n",
		"GET /container-terminal?%0d%0aSet-Cookie:owned=1 HTTP/1.1\r\nHost: localhost\r\n",
		"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher\r\n",
		"GET //evil.example HTTP/1.1\r\nHost: localhost\r\n",
		"GET /container-terminal HTTP/1.1\r\nHost: localhost\r\nCookie: berth_guest=x%0d%0aSet-Cookie: owned=1; owned=1\r\n",
		"GET /socket.io/?EIO=4&transport=polling&sid=%0d%0aowned:1 HTTP/1.1\r\nHost: localhost\r\n",
		"GET /socket.io/?EIO=4&transport=%0d%0aowned HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n",
	]) {
		const answer = await raw(`${request}X-Forwarded-For: 203.0.113.${request.length}\r\nConnection: close\r\n\r\n`);
		const [headers = ""] = answer.split("\r\n\r\n", 1);
		assert.match(headers, /^HTTP\/1\.1 /, request);
		assert.doesNotMatch(headers, /owned|evil\.example|gopher/, request);
	}
});

test("requests that two servers could read differently are read by none", async () => {
	for (const request of [
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
		"GET / HTTP/1.1\r\nHost: localhost\r\nX: a\nY: b\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\n X-Folded: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\nX\0: a\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
	]) {
		assert.match(await raw(request), /^HTTP\/1\.1 400 /, JSON.stringify(request));
	}
});

test("an address that a proxy passes on is text: it forges no log line, and is no other's limit", async () => {
	const strange = ["x\tlevel=60", '"}\\n{"level":60', "__proto__", "a".repeat(2_000), "::ffff:203.0.113.9", "[::1]:80"];
	for (const address of strange) {
		const answer = await raw(
			`GET /container-terminal HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\nConnection: close\r\n\r\n`,
		);
		assert.match(answer, /^HTTP\/1\.1 200 /, address);
	}
	const sameNetwork = Array.from({ length: 25 }, (_, at) => `2001:db8:1:2:${at.toString(16)}::${at.toString(16)}`);
	const statuses: number[] = [];
	for (const address of sameNetwork) {
		const response = await fetch(`${gateway.base}/container-terminal`, { headers: { "x-forwarded-for": address } });
		await response.arrayBuffer();
		statuses.push(response.status);
	}
	assert.equal(statuses.at(-1), 429, "whoever has an IPv6 network has all its addresses");
	const lines = gateway.log.split("\n").filter((line) => line.startsWith("{"));
	for (const line of lines) assert.ok(Number(JSON.parse(line).level) < 50, line);
});

test("a cookie with line ends, or one that another name signs, is nobody's", async () => {
	const headers = { "x-forwarded-for": "198.51.100.20" };
	const response = await fetch(`${gateway.base}/container-terminal`, { headers });
	await response.arrayBuffer();
	const [real = ""] = response.headers.getSetCookie();
	const value = real.split(";", 1)[0]?.split("=")[1] ?? "";
	const [subject, signature] = decodeURIComponent(value).split(".");
	for (const forged of [`${subject}%0d%0a.${signature}`, `${subject}x.${signature}`, `.${signature}`, `${subject}.`]) {
		await assert.rejects(refusal(`berth_guest=${encodeURIComponent(forged)}`), /UNAUTHENTICATED/, forged);
	}
});

/** Fails with the code by which a connection with this cookie is refused. */
async function refusal(cookie: string): Promise<never> {
	using page = new PageClient(gateway.base, cookie);
	page.socket.io.opts.reconnection = false;
	return await new Promise((_resolve, reject) => {
		page.socket.once("connect_error", (error) => reject(new Error(Object(error).data?.code ?? error.message)));
		page.socket.once("connect", () => reject(new Error("it was let in")));
	});
}
