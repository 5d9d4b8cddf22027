/** Other sites using a visitor's cookie, on a real gateway and in a real browser. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { WebSocket } from "ws";
import { launchBrowser } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let gateway: GatewayProcess;
let cookie: string;

before(async () => {
	gateway = await GatewayProcess.start({});
	cookie = await PageClient.newCookie(gateway.base);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

/** Status of the answer to a handshake: 101 where it was let in, 400 where it was not. */
async function upgradeStatus(headers: Record<string, string>): Promise<number> {
	const address = `${gateway.base.replace(/^http/, "ws")}/socket.io/?EIO=4&transport=websocket`;
	const webSocket = new WebSocket(address, { headers: { cookie, ...headers } });
	return (await new Promise((resolve, reject) => {
		webSocket
			.on("open", () => resolve(101))
			.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode ?? 0));
		webSocket.on("error", reject);
	}).finally(() => webSocket.on("error", () => {}).terminate())) as number;
}

test("a handshake is let in from the gateway's own origin and from no other, however alike", async () => {
	const { host, port } = new URL(gateway.base);
	assert.equal(await upgradeStatus({ origin: `http://${host}` }), 101);
	for (const origin of [
		"https://evil.example",
		`http://evil.example:${port}`,
		`http://${host}.evil.example`,
		`http://evil.example/${host}`,
		`http://${host}@evil.example`,
		"null",
		"file://",
		"",
		"http://localhost:1",
	]) {
		assert.equal(await upgradeStatus({ origin }), 400, origin);
	}
	// What a proxy may say of the original host is no header of ours.
	assert.equal(await upgradeStatus({ origin: "https://evil.example", "x-forwarded-host": "evil.example" }), 400);
});

test("no other site is told that it may read, or may send what needs leave", async () => {
	for (const path of ["/container-terminal", "/readyz", "/socket.io/?EIO=4&transport=polling"]) {
		for (const method of ["GET", "OPTIONS"]) {
			const headers = { cookie, origin: "https://evil.example", "access-control-request-method": "POST" };
			const response = await fetch(`${gateway.base}${path}`, { method, headers });
			await response.arrayBuffer();
			const granted = [...response.headers.keys()].filter((name) => name.startsWith("access-control-"));
			assert.deepEqual(granted, [], `${method} ${path}`);
		}
	}
});

test("a page of another site can neither connect, nor read, nor frame the terminal, whatever cookies the browser sends", async (t) => {
	const browser = await launchBrowser();
	t.after(() => browser.close());
	const evil = createServer((_request, response) => response.setHeader("Content-Type", "text/html").end("<body>evil"));
	t.after(() => evil.close());
	evil.listen(0, "127.0.0.1");
	await once(evil, "listening");
	const page = await browser.newPage();
	await page.goto(`${gateway.base}/container-terminal`);
	await page.waitForSelector('[data-testid="connection"][data-state="connected"]');
	// The same site for cookies, as ports do not count, and another origin.
	await page.goto(`http://localhost:${(evil.address() as AddressInfo).port}/`);
	const seen = await page.evaluate(async (base) => {
		const address = `${base.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`;
		const webSocket = new WebSocket(address);
		const connected = await new Promise((resolve) => {
			webSocket.onopen = () => resolve(true);
			webSocket.onerror = () => resolve(false);
		});
		const options = { credentials: "include" } as const;
		const read = await fetch(`${base}/container-terminal`, options).then(
			(response) => response.text(),
			() => null,
		);
		const frame = document.createElement("iframe");
		frame.src = `${base}/container-terminal`;
		document.body.append(frame);
		await new Promise((resolve) => {
			frame.onload = resolve;
		});
		return { connected, read };
	}, gateway.base);
	assert.deepEqual(seen, { connected: false, read: null });
	const framed = page.frames().map((frame) => frame.url());
	assert.ok(!framed.some((url) => url.includes("container-terminal")), framed.join(" "));
});
