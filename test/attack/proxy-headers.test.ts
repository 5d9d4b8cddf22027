/** Headers of a proxy's, sent by somebody who is none, or through one that lets them pass. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { askFrom, pageUser, type SentHeaders } from "../support/header-client.ts";

const PROXY = "127.0.0.1";
const STRANGER = "127.0.0.2";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "proxy", TRUST_PROXY: PROXY, PROXY_ROLE_HEADER: "x-remote-role" });
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

async function subject(from: string, headers: SentHeaders): Promise<string | null> {
	const { body } = await askFrom(from, `${gateway.base}/api/v1/me`, headers);
	return JSON.parse(body).user?.subject ?? null;
}

test("from an address that is not the proxy's nobody is believed, whatever it says of where it comes from", async () => {
	const identity = { "x-remote-user": "ada", "x-remote-role": "operator" };
	assert.equal(await subject(PROXY, identity), "ada", "the same from the proxy");
	const lies: SentHeaders[] = [
		{},
		{ "x-forwarded-for": PROXY },
		{ "x-forwarded-for": `${PROXY}, ${PROXY}` },
		{ "x-real-ip": PROXY, "client-ip": PROXY, "true-client-ip": PROXY },
		{ forwarded: `for=${PROXY}`, via: "1.1 proxy" },
		{ "x-forwarded-for": ["127.0.0.1", "::ffff:127.0.0.1", "localhost"] },
	];
	for (const lie of lies) {
		assert.equal(await subject(STRANGER, { ...identity, ...lie }), null, JSON.stringify(lie));
		const page = await askFrom(STRANGER, `${gateway.base}/container-terminal`, { ...identity, ...lie });
		assert.equal(page.status, 303);
	}
});

test("neither is one who connects, with a WebSocket or without", async () => {
	const headers = { "x-remote-user": "ada", "x-forwarded-for": PROXY };
	assert.equal(await pageUser(gateway.base, headers, { transport: "websocket" }), "ada", "the same from the proxy");
	assert.equal(await pageUser(gateway.base, headers, { transport: "websocket", localAddress: STRANGER }), null);
	assert.equal(await pageUser(gateway.base, headers, { transport: "polling" }), "ada", "the same from the proxy");
	const passingOn = createServer((socket) => {
		const onward = connect({ port: Number(new URL(gateway.base).port), host: PROXY, localAddress: STRANGER });
		for (const end of [socket, onward]) end.on("error", () => {});
		socket.pipe(onward).pipe(socket);
	});
	passingOn.listen(0, "127.0.0.1");
	await once(passingOn, "listening");
	try {
		const base = `http://localhost:${(passingOn.address() as AddressInfo).port}`;
		assert.equal(await pageUser(base, headers, { transport: "polling" }), null);
	} finally {
		passingOn.close();
	}
});

test("a header that was sent twice names nobody: one of them is the visitor's own", async () => {
	const good = { "x-remote-user": "mallory", "x-remote-name": "Mallory", "x-remote-role": "user" };
	for (const [name, twice] of [
		["x-remote-user", ["ada", "mallory"]],
		["x-remote-user", ["mallory", "ada"]],
		["x-remote-user", ["mallory", "mallory"]],
		["X-Remote-User", ["", "ada"]],
		["x-remote-name", ["Mallory", "Ada"]],
		["x-remote-role", ["operator", "user"]],
		["x-remote-role", ["user", "operator"]],
	] as const) {
		const { [name.toLowerCase()]: _, ...rest } = good as Record<string, string>;
		assert.equal(await subject(PROXY, { ...rest, [name]: [...twice] }), null, `${name}: ${twice}`);
	}
	assert.equal(await subject(PROXY, good), "mallory");
});

test("odd names name nobody, and no two names are one", async () => {
	for (const odd of ["ada, mallory", "ada,mallory", ",", "a\tb", "x".repeat(256), "\u0085".padEnd(300, "a")]) {
		assert.equal(await subject(PROXY, { "x-remote-user": odd }), null, JSON.stringify(odd));
	}
	// The bytes of é in UTF-8 and in Latin-1, and of what UTF-8 read as Latin-1 looks like.
	const alike = ["\u00c3\u00a9", "\u00e9", "\u00c3\u0083\u00c2\u00a9", "=?utf-8?Q?=C3=A9?=", "E", "e", "e."];
	const users = new Set<string>();
	for (const name of alike) {
		const { body } = await askFrom(PROXY, `${gateway.base}/api/v1/me`, { "x-remote-user": name });
		users.add(JSON.parse(body).user.userId);
	}
	assert.equal(users.size, alike.length);
});

test("headers that only look like the proxy's are nothing", async () => {
	for (const name of ["x_remote_user", "remote-user", "x-remote-user-", "xx-remote-user", "x-remote--user"]) {
		assert.equal(await subject(PROXY, { [name]: "ada" }), null, name);
	}
	const inQuery = await askFrom(PROXY, `${gateway.base}/api/v1/me?x-remote-user=ada`, {});
	assert.equal(JSON.parse(inQuery.body).user, null);
});
