/** Connections that are opened and then say little or nothing: each ends by itself, and others are served meanwhile. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";

/** Of each kind. */
const CLIENTS = 50;
const UPGRADE = [
	"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
	"Host: localhost",
	"Connection: Upgrade",
	"Upgrade: websocket",
	"Sec-WebSocket-Version: 13",
	"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
].join("\r\n");

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({});
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

/** Opens connections that begin with these bytes; resolves when the gateway has ended all of them. */
async function untilAllEnd(begin: string, drip = ""): Promise<void> {
	await Promise.all(
		Array.from({ length: CLIENTS }, async () => {
			const socket: Socket = connect(Number(new URL(gateway.base).port), "127.0.0.1");
			socket.on("error", () => {}).resume();
			const closed = new Promise((resolve) => socket.once("close", resolve));
			socket.write(begin);
			const dripping = setInterval(() => drip !== "" && socket.write(drip), 1_000);
			await closed.finally(() => clearInterval(dripping));
		}),
	);
}

test("connections that say nothing, headers that never end, and upgrades that nobody uses are ended in time", async () => {
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const screen = await page.open();
	const cookie = await PageClient.newCookie(gateway.base);
	const ended = Promise.all([
		untilAllEnd(""),
		untilAllEnd("GET / HTTP/1.1\r\nHost: localhost\r\n", "X-Slow: header\r\n"),
		untilAllEnd(`${UPGRADE}\r\n`, "X-Slow: header\r\n"),
		// An upgrade that is whole, by somebody whom the gateway knows and by somebody whom it does not.
		untilAllEnd(`${UPGRADE}\r\nCookie: ${cookie}\r\n\r\n`),
		untilAllEnd(`${UPGRADE}\r\n\r\n`),
		// An upgrade of something that is no WebSocket of ours.
		untilAllEnd(`${UPGRADE.replace("/socket.io/?EIO=4&transport=websocket", "/container-terminal")}\r\n\r\n`),
		untilAllEnd("POST /container-terminal HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n", "x"),
	]);
	let isOver = false;
	const over = ended.finally(() => {
		isOver = true;
	});
	while (!isOver) {
		assert.equal(await page.run(screen, "echo served"), "served");
		assert.equal((await fetch(`${gateway.base}/healthz`)).status, 200);
		await Promise.race([sleep(1_000), over]);
	}
	await over;
});

test("nobody who says nothing, or half of it, holds the end up", async () => {
	using certificate = TestCertificate.trusted();
	for (const settings of [{}, certificate.environment]) {
		await using own = await GatewayProcess.start(settings);
		const silent = await Promise.all(
			["", "GET / HTTP/1.1\r\nHost: localhost\r\n", "\x16\x03\x01"].map(async (begin) => {
				const socket = connect(own.port, "127.0.0.1");
				socket.on("error", () => {}).resume();
				await once(socket, "connect");
				socket.write(begin);
				return socket;
			}),
		);
		// Whatever was sent before this was answered has arrived.
		assert.equal((await fetch(`${own.base}/healthz`)).status, 200);
		assert.equal(await own.stop(), 0, "it ended by itself, and in time");
		for (const socket of silent) socket.destroy();
	}
});
