/** Messages, headers and bodies beyond their limits, on a real gateway in local mode. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { MAX_SOCKET_MESSAGE_BYTES } from "../../server/protocol/limits.ts";
import { INSPECTED, probeGateway } from "../faults/memory-probe.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { RawPage } from "./raw-page.ts";

const MEGA = 1024 ** 2;
let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start(INSPECTED);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

/** Sends bytes as they are and returns all that is answered. */
async function raw(...parts: (string | Buffer)[]): Promise<string> {
	const socket = connect(Number(new URL(gateway.base).port), "127.0.0.1");
	await once(socket, "connect");
	socket.on("error", () => {});
	for (const part of parts) socket.write(part);
	return await text(socket).catch(() => "");
}

/** A masked WebSocket frame that announces a length; what there is of it is as it comes. */
function frame(opcode: number, announced: bigint): Buffer {
	const head = Buffer.alloc(14);
	head.writeUInt8(opcode, 0);
	head.writeUInt8(0x80 | 127, 1);
	head.writeBigUInt64BE(announced, 2);
	return head;
}

async function upgraded(cookie: string, ...frames: Buffer[]): Promise<string> {
	const headers = [
		"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
		"Host: localhost",
		`Cookie: ${cookie}`,
		"Connection: Upgrade",
		"Upgrade: websocket",
		"Sec-WebSocket-Version: 13",
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
	];
	return await raw(`${headers.join("\r\n")}\r\n\r\n`, ...frames);
}

test("a message beyond the limit ends its connection, before anything of it is kept", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	const page = await RawPage.open(gateway.base, cookie);
	page.send(new Uint8Array(MAX_SOCKET_MESSAGE_BYTES + 1));
	await page.untilClosed();
	const before = await probeGateway({ gateway });
	for (const announced of [2n ** 20n, 2n ** 32n, 2n ** 62n]) {
		const answer = await upgraded(cookie, frame(0x82, announced), Buffer.alloc(100_000));
		assert.match(answer, /^HTTP\/1\.1 101 /);
	}
	const after = await probeGateway({ gateway });
	assert.ok(after.heap + after.external - before.heap - before.external < MEGA);
});

test("pieces of one message are counted together, however many there are", async () => {
	const piece = Buffer.concat([Buffer.from([0x02, 0x80 | 126, 0x40, 0x00, 0, 0, 0, 0]), Buffer.alloc(0x4000)]);
	const next = Buffer.concat([Buffer.from([0x00, 0x80 | 126, 0x40, 0x00, 0, 0, 0, 0]), Buffer.alloc(0x4000)]);
	const cookie = await PageClient.newCookie(gateway.base);
	// It ends although the message never does.
	await upgraded(cookie, piece, ...Array.from({ length: 10 }, () => next));
	using page = await PageClient.connect(gateway.base, cookie);
	assert.ok(page.welcome);
});

test("a polled message beyond the limit is answered with 413, and other bodies are not read at all", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	const polling = `${gateway.base}/socket.io/?EIO=4&transport=polling`;
	const opened = await (await fetch(polling, { headers: { cookie } })).text();
	const { sid } = JSON.parse(opened.slice(1)) as { sid: string };
	const posted = await fetch(`${polling}&sid=${sid}`, {
		method: "POST",
		headers: { cookie, "content-type": "text/plain" },
		body: "4".repeat(MAX_SOCKET_MESSAGE_BYTES + 1),
	});
	assert.equal(posted.status, 413);
	const before = await probeGateway({ gateway });
	const endless = "POST /container-terminal HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
	const answer = await raw(endless, "fffffff\r\n", Buffer.alloc(4 * MEGA));
	// With bytes unread the system resets the connection, and then the answer may be lost on its way.
	if (answer !== "") assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*Connection: close/i);
	const after = await probeGateway({ gateway });
	assert.ok(after.heap + after.external - before.heap - before.external < MEGA);
});

test("headers and addresses beyond the limit are refused", async () => {
	const long = "x".repeat(20 * 1024);
	assert.match(await raw(`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${long}\r\n\r\n`), /^HTTP\/1\.1 431 /);
	assert.match(await raw(`GET /${long} HTTP/1.1\r\nHost: localhost\r\n\r\n`), /^HTTP\/1\.1 (414|431) /);
	const cookie = `Cookie: ${"a=b; ".repeat(2_500)}`;
	assert.match(
		await raw(`GET /container-terminal HTTP/1.0\r\nHost: localhost\r\n${cookie}\r\n\r\n`),
		/^HTTP\/1\.1 200 /,
	);
});
