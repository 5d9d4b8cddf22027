/** Too much of everything, on a real gateway in local mode: who floods is refused or slowed down, and nobody else is. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { io } from "socket.io-client";
import type { WireError } from "../../server/protocol/errors.ts";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { RawPage } from "./raw-page.ts";

async function start(t: TestContext, settings: Record<string, string>): Promise<GatewayProcess> {
	const gateway = await GatewayProcess.start(settings);
	t.after(() => gateway[Symbol.asyncDispose]());
	return gateway;
}

async function connect(t: TestContext, gateway: GatewayProcess, cookie?: string): Promise<PageClient> {
	const page = await PageClient.connect(gateway.base, cookie);
	t.after(() => page[Symbol.dispose]());
	await page.untilReady();
	return page;
}

/** Tries once to connect, and returns why that was refused. */
async function refusedConnection(gateway: GatewayProcess, cookie: string): Promise<WireError | undefined> {
	const socket = io(gateway.base, {
		transports: ["websocket"],
		parser: socketParser,
		extraHeaders: { cookie },
		forceNew: true,
		reconnection: false,
	});
	const { data } = await new Promise<{ data?: WireError }>((resolve, reject) => {
		socket.once("connect_error", resolve).once("connect", () => reject(new Error("it was let in")));
	}).finally(() => socket.disconnect());
	return data;
}

async function fetchPage(gateway: GatewayProcess, headers: Record<string, string> = {}): Promise<Response> {
	const response = await fetch(`${gateway.base}/container-terminal`, { headers });
	await response.clone().arrayBuffer();
	return response;
}

/** Asks for the page until it is refused; returns that answer. */
async function fetchUntilRefused(gateway: GatewayProcess, headers: Record<string, string>): Promise<Response> {
	for (let count = 0; count < 100; count += 1) {
		const response = await fetchPage(gateway, headers);
		if (response.status !== 200) return response;
	}
	throw new Error("it was never refused");
}

test("requests beyond a user's limit are refused until a time that is told, and no other user's are", async (t) => {
	const gateway = await start(t, { REQUESTS_PER_USER: "3" });
	const page = await connect(t, gateway);
	const neighbour = await connect(t, gateway);
	let error: WireError | undefined;
	for (let count = 0; count < 100 && error === undefined; count += 1) {
		const reply = await page.request("session:list", {});
		if (!reply.ok) error = reply.error;
	}
	assert.equal(error?.code, "RATE_LIMITED");
	assert.equal(error?.isRetryable, true);
	const retryAfterMs = error?.retryAfterMs ?? 0;
	assert.ok(retryAfterMs > 0 && retryAfterMs <= 10_000, String(retryAfterMs));
	assert.ok((await neighbour.request("session:list", {})).ok);
	// A second page of the same user is no way around it.
	assert.equal((await refusedConnection(gateway, page.cookie))?.code, "RATE_LIMITED");
	await sleep(retryAfterMs);
	assert.ok((await page.request("session:list", {})).ok);
});

test("more requests at once than may be under way are refused, and the rest is answered", async (t) => {
	const gateway = await start(t, {});
	const page = await connect(t, gateway);
	const replies = await Promise.all(Array.from({ length: 300 }, () => page.request("session:list", {})));
	const refused = replies.filter(({ ok }) => !ok);
	assert.ok(refused.every((reply) => !reply.ok && reply.error.code === "RATE_LIMITED" && reply.error.retryAfterMs));
	assert.ok(replies.length - refused.length >= 128, `${refused.length} were refused`);
	assert.ok((await page.request("session:list", {})).ok);
});

test("HTTP requests beyond an address's limit get 429 and Retry-After, and health is told all the same", async (t) => {
	const gateway = await start(t, { REQUESTS_PER_ADDRESS: "2" });
	const refused = await fetchUntilRefused(gateway, {});
	const { error } = (await refused.json()) as { error: WireError };
	assert.equal(refused.status, 429);
	assert.equal(error.code, "RATE_LIMITED");
	const seconds = Number(refused.headers.get("retry-after"));
	assert.equal(seconds, Math.ceil((error.retryAfterMs ?? 0) / 1000));
	assert.equal(refused.headers.get("refresh"), String(seconds), "a browser asks again by itself");
	assert.equal((await fetch(`${gateway.base}/healthz`)).status, 200);
	const polled = await fetch(`${gateway.base}/socket.io/?EIO=4&transport=polling`);
	assert.equal(polled.status, 429);
	await sleep(seconds * 1000);
	assert.equal((await fetchPage(gateway)).status, 200);
});

test("an address that is only claimed is not believed, except from a proxy that the operator named", async (t) => {
	const open = await start(t, { REQUESTS_PER_ADDRESS: "1" });
	let status = 200;
	for (let count = 0; count < 30 && status === 200; count += 1) {
		({ status } = await fetchPage(open, { "x-forwarded-for": `203.0.113.${count}` }));
	}
	assert.equal(status, 429, "another claimed address each time is still one address");

	const proxied = await start(t, { REQUESTS_PER_ADDRESS: "1", TRUST_PROXY: "loopback" });
	const flooder = { "x-forwarded-for": "198.51.100.1, 203.0.113.7" };
	assert.equal((await fetchUntilRefused(proxied, flooder)).status, 429);
	assert.equal((await fetchPage(proxied, { "x-forwarded-for": "1.2.3.4, 203.0.113.7" })).status, 429);
	assert.equal((await fetchPage(proxied, { "x-forwarded-for": "203.0.113.8" })).status, 200);
});

test("a user has as many pages as are allowed, and the next one gets in when one goes", async (t) => {
	const gateway = await start(t, { CONNECTIONS_PER_USER: "2" });
	const first = await connect(t, gateway);
	const { cookie } = first;
	await connect(t, gateway, cookie);
	const refusal = await refusedConnection(gateway, cookie);
	assert.equal(refusal?.code, "TOO_MANY_PAGES");
	assert.ok(refusal?.isRetryable && (refusal.retryAfterMs ?? 0) > 0);
	await connect(t, gateway);
	first[Symbol.dispose]();
	await connect(t, gateway, cookie);
});

test("an address has as many connections as are allowed, and is told so by HTTP", async (t) => {
	const gateway = await start(t, { CONNECTIONS_PER_ADDRESS: "2" });
	const first = await connect(t, gateway);
	await connect(t, gateway);
	assert.equal(await refusedConnection(gateway, first.cookie), undefined, "a WebSocket cannot be told why");
	const response = await fetch(`${gateway.base}/socket.io/?EIO=4&transport=polling`);
	const { error } = (await response.json()) as { error: WireError };
	assert.deepEqual([response.status, error.code], [429, "TOO_MANY_CONNECTIONS"]);
	assert.ok(Number(response.headers.get("retry-after")) > 0);
	assert.match(gateway.log, /is TRUST_PROXY set/);
	first[Symbol.dispose]();
	await connect(t, gateway);
});

test("a flood of messages slows its own user down, who loses nothing of it, and no neighbour", async (t) => {
	const gateway = await start(t, {});
	const flooder = await connect(t, gateway);
	const neighbour = await connect(t, gateway);
	const screen = await flooder.open();
	const quiet = await neighbour.open();
	await flooder.run(screen, "stty -echo; cd $(mktemp -d)");
	flooder.type(screen, "cat > all\r");
	const ack = (): unknown => flooder.socket.emit("session:ack", screen.sessionId, 0);
	const startedAt = performance.now();
	for (let line = 0; line < 200; line += 1) {
		for (let count = 0; count < 250; count += 1) ack();
		flooder.type(screen, `${line}\r`);
	}
	assert.equal(await neighbour.run(quiet, "echo unharmed"), "unharmed");
	flooder.type(screen, "\x04");
	assert.equal(await flooder.run(screen, "sort -nu all | wc -l; tail -1 all; rm all"), "200\n199");
	// 20,000 go through at once at most, and 10,000 a second behind them.
	assert.ok(performance.now() - startedAt > 2_500, "it was not slowed down");
});

test("a thousand pages that come back at once from one address, as after a restart, are all let in", async (t) => {
	const gateway = await start(t, { LOG_LEVEL: "info" });
	const cookies = await Promise.all(Array.from({ length: 1_000 }, () => PageClient.newCookie(gateway.base)));
	await gateway.stop();
	await gateway.start();
	const pages = await Promise.all(cookies.map((cookie) => RawPage.open(gateway.base, cookie)));
	assert.ok(pages.every(({ isOpen }) => isOpen));
	await Promise.all(pages.map((page) => page.close()));
});
