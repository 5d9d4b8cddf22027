/** Keys that mean something to JavaScript, wherever a value from outside becomes an object. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { encode } from "@msgpack/msgpack";
import { decodeJson } from "../../server/protocol/frames.ts";
import { LinkRequest } from "../../server/protocol/link.ts";
import { PAGE_REQUESTS } from "../../server/protocol/terminal.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { randomId } from "./hostile-values.ts";
import { RawPage } from "./raw-page.ts";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({});
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

/** A map with one key more than JavaScript would write. */
function withKey(key: string, value: unknown): Uint8Array {
	return Buffer.concat([Buffer.from([0x81]), encode(key), encode(value)]);
}

test("a message with a key that reaches the prototype ends its connection, and pollutes nobody's", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	using other = await PageClient.connect(gateway.base);
	await other.untilReady();
	const polluted = withKey("__proto__", { ok: true, isRetryable: true, name: "polluted", cols: 80 });
	const packet = Buffer.concat([
		Buffer.from([0x94, 2]),
		encode("/"),
		Buffer.from([0x92]),
		encode("session:list"),
		polluted,
		encode(1),
	]);
	const page = await RawPage.open(gateway.base, cookie);
	page.send(packet);
	await page.untilClosed();
	const reply = await other.request("session:open", { pageId: other.pageId });
	assert.equal(reply.ok ? "" : reply.error.code, "BAD_REQUEST", "what is missing is not found in a prototype");
});

test("keys that objects have by nature are taken for nothing", async () => {
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	for (const key of ["constructor", "prototype", "hasOwnProperty", "toString"]) {
		const request = { sessionId: randomId(), [key]: { prototype: { polluted: true } } };
		const reply = await page.request("session:close", request);
		assert.equal(reply.ok ? "" : reply.error.code, "SESSION_NOT_FOUND", key);
	}
	for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
		const reply = await page.request(name as "session:list", {});
		assert.equal(reply.ok ? "" : reply.error.code, "BAD_REQUEST", `${name} is no event`);
	}
});

test("query strings are text to the gateway, with whatever brackets", async () => {
	for (const query of [
		"__proto__[ok]=1",
		"constructor[prototype][ok]=1",
		"a[__proto__]=1",
		"sid=__proto__",
		"sid=constructor",
	]) {
		const page = await fetch(`${gateway.base}/container-terminal?${query}`);
		await page.arrayBuffer();
		assert.equal(page.status, 200);
		const polled = await fetch(`${gateway.base}/socket.io/?EIO=4&transport=polling&${query}`);
		assert.ok([200, 400].includes(polled.status), query);
	}
	const body = (await (await fetch(`${gateway.base}/healthz`)).json()) as object;
	assert.deepEqual(body, { status: "ok" });
});

test("what is read from the link's JSON has no prototype but the usual one, and no key more than it should", () => {
	const hostile = decodeJson(
		Buffer.from(
			'{"op":"list","username":"bob","__proto__":{"isRoot":true},"constructor":{"prototype":{"isRoot":true}}}',
		),
	);
	const request = LinkRequest.parse(hostile);
	assert.deepEqual(Object.keys(request), ["op", "username"]);
	assert.equal("isRoot" in request, false);
	assert.equal("isRoot" in {}, false);
	const parsed = PAGE_REQUESTS["session:detach"].parse(JSON.parse(`{"sessionId":"${randomId()}","__proto__":{"x":1}}`));
	assert.equal("x" in parsed, false);
});
