/** What comes from outside and pretends to come from the proxy, through the real nginx and past it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectPlainly } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { connect } from "node:tls";
import { freePort } from "../support/free-port.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { TestCertificate } from "../support/test-certificate.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { Site } from "./site.ts";

let certificate: TestCertificate;

before(() => {
	certificate = TestCertificate.trusted();
});
after(() => {
	certificate?.[Symbol.dispose]();
});

/** Statuses of as many requests as this, each with another forged address. */
async function statuses(address: string, count: number): Promise<number[]> {
	const found: number[] = [];
	for (let at = 0; at < count; at += 1) {
		const forged = `203.0.113.${at}`;
		const headers = { "x-forwarded-for": forged, forwarded: `for=${forged}`, "x-real-ip": forged };
		const response = await fetch(address, { headers });
		await response.arrayBuffer();
		found.push(response.status);
	}
	return found;
}

for (const proxy of ["nginx", "caddy"] as const) {
	test(`${proxy} passes nothing on of what a client says of its address, or of who it is`, async () => {
		const received: IncomingMessage[] = [];
		const echo = createServer((request, response) => {
			received.push(request);
			response.end();
		}).listen(0, "127.0.0.1");
		await once(echo, "listening");
		const [tlsPort, plainPort] = await Promise.all([freePort(), freePort()]);
		const gatewayPort = (echo.address() as AddressInfo).port;
		const host = "shell.example.org";
		{
			await using _ = await ProxyProcess[proxy]({ host, gatewayPort, tlsPort, plainPort, certificate });
			const lines = [
				"X-Forwarded-For: 203.0.113.9",
				"X-FORWARDED-FOR: 203.0.113.10",
				"Forwarded: for=203.0.113.9",
				"X-Remote-User: operator",
				"x-remote-user: operator",
				"X-Remote-Name: The Operator",
				"X-Remote-Role: operator",
				"X_Remote_User: operator",
			];
			const address = `https://localhost:${tlsPort}/container-terminal`;
			const answer = await overTls(
				tlsPort,
				`GET / HTTP/1.1\r\nHost: localhost:${tlsPort}\r\n${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`,
			);
			assert.match(answer, /^HTTP\/1\.1 200 /, address);
			// The same in a request to become a WebSocket.
			await overTls(
				tlsPort,
				`GET / HTTP/1.1\r\nHost: localhost:${tlsPort}\r\n${lines.join("\r\n")}\r\nConnection: upgrade, close\r\n\r\n`,
			);
		}
		echo.close();
		assert.equal(received.length, 2);
		for (const { headers } of received) {
			assert.equal(headers["x-forwarded-for"], "127.0.0.1");
			const forged = Object.keys(headers).filter((name) => /^x-remote-|^forwarded$/.test(name));
			assert.deepEqual(forged, []);
		}
	});
}

async function overTls(port: number, request: string): Promise<string> {
	const socket = connect({ port, host: "127.0.0.1", servername: "localhost" });
	socket.on("error", () => {});
	await once(socket, "secureConnect");
	socket.write(request);
	return await text(socket).catch(() => "");
}

test("a forwarded address is believed from the proxy and from nobody else", async () => {
	// nginx speaks to the gateway from an address of its own, so that the two can be told apart on one machine.
	const changes = { "proxy_http_version 1.1;": "proxy_http_version 1.1; proxy_bind 127.0.0.9;" };
	const settings = { TRUST_PROXY: "127.0.0.9", REQUESTS_PER_ADDRESS: "2" };
	await using site = await Site.start({ proxy: "nginx", certificate, changes, settings });
	const outside = await statuses(`${site.base}/icon.svg`, 25);
	assert.deepEqual([outside[0], outside.at(-1)], [200, 429], "the address is the client's, whatever it says");
	await using direct = await GatewayProcess.start(settings);
	const past = await statuses(`http://127.0.0.1:${direct.port}/icon.svg`, 25);
	assert.deepEqual([past[0], past.at(-1)], [200, 429], "nobody else's word is taken");
	await using trusting = await GatewayProcess.start({ ...settings, TRUST_PROXY: "loopback" });
	const believed = await statuses(`http://127.0.0.1:${trusting.port}/icon.svg`, 25);
	assert.deepEqual(new Set(believed), new Set([200]), "the proxy's is");
});

test("no redirect and no link takes its host from a request", async () => {
	await using site = await Site.start({ proxy: "nginx", path: "/berth", certificate });
	const { port } = new URL(site.base);
	for (const path of ["/berth", "/berth/", "/berth/container-terminal/", "//evil.example/", "/berth//evil.example"]) {
		for (const lines of [
			"Host: localhost\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: gopher",
			"Host: localhost\r\nX-Forwarded-Prefix: //evil.example\r\nX-Original-URL: //evil.example",
			`Host: localhost:${port}@evil.example`,
		]) {
			const answer = await overTls(Number(port), `GET ${path} HTTP/1.1\r\n${lines}\r\nConnection: close\r\n\r\n`);
			const [headers = ""] = answer.split("\r\n\r\n", 1);
			assert.match(headers, /^HTTP\/1\.1 [34]/, path);
			assert.doesNotMatch(/^location: (.*)$/im.exec(headers)?.[1] ?? "", /evil|gopher|^\/\//, path);
		}
	}
	const plain = connectPlainly(site.plainPort, "127.0.0.1");
	plain.write("GET /berth/?a=%0d%0aowned:1 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
	const answer = await text(plain);
	assert.match(answer, new RegExp(`^Location: https://localhost:${port}/berth/\\?a=%0d%0aowned:1\r$`, "m"));
	assert.doesNotMatch(answer, /set-cookie/i, "no cookie travels without TLS");
});

test("who asks for another host, or for none, is shaken off before anything is read", async () => {
	await using site = await Site.start({ proxy: "nginx", certificate });
	const { port } = new URL(site.base);
	const socket = connect({
		port: Number(port),
		host: "127.0.0.1",
		servername: "evil.example",
		rejectUnauthorized: false,
	});
	const [error] = await once(socket, "error");
	assert.match(String(error), /unrecognized name/i);
	const answer = await overTls(Number(port), "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
	assert.match(answer, /^HTTP\/1\.1 (4\d\d|302) /);
	assert.doesNotMatch(answer, /evil/);
});

test("of requests that two servers could read differently the second never arrives", async () => {
	await using site = await Site.start({ proxy: "nginx", certificate });
	const { port } = new URL(site.base);
	const smuggled = "GET /api/v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const body = `0\r\n\r\n${smuggled}`;
	const post = "POST /api/v1/sign-ins/password HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
	for (const [headers, sent] of [
		[`Content-Length: ${body.length}\r\nTransfer-Encoding: chunked`, body],
		[`Transfer-Encoding: chunked\r\nContent-Length: ${body.length}`, body],
		[`Content-Length: 0\r\nContent-Length: ${smuggled.length}`, smuggled],
		["Content-Length: 0\r\nTransfer-Encoding: xchunked", smuggled],
		["Content-Length: 4\r\nTransfer-Encoding: chunked, identity", `5e\r\n${smuggled}`],
		[`Content-Length: ${body.length}\r\nTransfer-Encoding:\x0bchunked`, body],
		[`Content-Length: ${body.length}\r\nTransfer-Encoding : chunked`, body],
		["Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", body],
		["Transfer-Encoding: chunked", `1\nx\n0\n\n${smuggled}`],
	] as const) {
		await overTls(Number(port), `${post}${headers}\r\nConnection: close\r\n\r\n${sent}`);
	}
	assert.doesNotMatch(site.gateway.log, /smuggled/);
	assert.equal((await fetch(`${site.base}/healthz`)).status, 200);
});
