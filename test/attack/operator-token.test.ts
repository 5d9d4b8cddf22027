/** Getting at the operators' API without being one: their tokens, and the port that `berth` sends one to. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import { listenerUids, refuseStrangers } from "../../server/cli/listener-owner.ts";
import { BerthCommand } from "../support/berth-command.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

async function start(t: TestContext): Promise<{ gateway: GatewayProcess; token: string; berth: BerthCommand }> {
	const gateway = await GatewayProcess.start({});
	t.after(() => gateway[Symbol.asyncDispose]());
	const token = readFileSync(join(gateway.dataDir, "operator-token"), "utf8").trim();
	return { gateway, token, berth: new BerthCommand({ DATA_DIR: gateway.dataDir }) };
}

async function statusOf(base: string, path: string, headers: Record<string, string>): Promise<number> {
	const response = await fetch(`${base}/api/v1${path}`, { headers });
	await response.arrayBuffer();
	return response.status;
}

test("a token counts in its header alone: not in an address, a cookie, a body or another header", async (t) => {
	const { gateway, token } = await start(t);
	const cookie = await PageClient.newCookie(gateway.base);
	assert.equal(await statusOf(gateway.base, "/tokens", { authorization: `Bearer ${token}` }), 200);
	for (const [path, headers] of [
		[`/tokens?access_token=${token}&token=${token}&authorization=Bearer%20${token}`, { cookie }],
		["/tokens", { cookie: `${cookie}; token=${token}; authorization=Bearer ${token}` }],
		["/tokens", { cookie, "x-api-key": token, "proxy-authorization": `Bearer ${token}` }],
	] as [string, Record<string, string>][]) {
		assert.equal(await statusOf(gateway.base, path, headers), 403, path);
	}
});

test("what is in the database is no token", async (t) => {
	const { gateway, token } = await start(t);
	const sqlite = new Sqlite(join(gateway.dataDir, "berth.sqlite"), { readonly: true });
	const row = sqlite.prepare<[], { token_hash: Buffer }>("SELECT token_hash FROM api_tokens").get();
	sqlite.close();
	assert.ok(row);
	assert.deepEqual(row.token_hash, createHash("sha256").update(token).digest());
	for (const encoding of ["hex", "base64", "base64url"] as const) {
		const stolen: string = row.token_hash.toString(encoding);
		for (const guess of [stolen, `berth_${stolen}`]) {
			assert.equal(await statusOf(gateway.base, "/tokens", { authorization: `Bearer ${guess}` }), 401);
		}
	}
});

test("a token that is revoked is refused from that moment on, also by a connection that used it before", async (t) => {
	const { gateway, berth } = await start(t);
	const { token } = await berth.json<{ token: string }>("token", "add", "leaked");
	const headers = { authorization: `Bearer ${token}`, connection: "keep-alive" };
	assert.equal(await statusOf(gateway.base, "/users", headers), 200);
	assert.equal((await berth.run("token", "revoke", "leaked")).code, 0);
	assert.equal(await statusOf(gateway.base, "/users", headers), 401);
});

test("the token is in no line of the gateway's log, no audit line and no answer", async (t) => {
	const { gateway, token, berth } = await start(t);
	await berth.run("user", "list");
	const said = await Promise.all(
		[
			["token", "list", "--json"],
			["audit", "export"],
			["user", "list", "--json"],
		].map((args) => berth.run(...args)),
	);
	for (const text of [gateway.log, ...said.map(({ stdout, stderr }) => stdout + stderr)]) {
		assert.ok(!text.includes(token.slice("berth_".length)));
	}
});

test("whoever takes the gateway's port while it is down does not get the token", async (t) => {
	const { gateway, berth } = await start(t);
	const asked: unknown[] = [];
	const thief = createServer(({ headers, url }, response) => {
		asked.push(headers.authorization);
		// As a gateway would, at first.
		if (url === "/healthz") response.setHeader("content-type", "application/json").end('{"status":"ok"}');
		else response.writeHead(307, { location: "http://127.0.0.1:2/" }).end();
	});
	const { port } = new URL(gateway.base);
	await gateway.stop();
	thief.listen(Number(port), "127.0.0.1");
	t.after(() => thief.close());
	await new Promise((resolve) => thief.once("listening", resolve));
	assert.deepEqual(listenerUids((thief.address() as AddressInfo).port), new Set([process.getuid?.()]));
	const owner = 20_000;
	for (const uids of [[20_001], [0, 20_001], [owner, 20_001]]) {
		assert.throws(
			() => refuseStrangers(`http://127.0.0.1:${port}`, owner, () => new Set(uids)),
			/the token is not sent/,
		);
	}
	for (const uids of [[], [0], [owner], [0, owner]]) {
		refuseStrangers(`http://127.0.0.1:${port}`, owner, () => new Set(uids));
	}
	// The test's own user is the gateway's: to them it is sent, but not on to where they redirect.
	const said = await new BerthCommand({ ...berth.environment, PORT: port }).run("user", "list");
	assert.equal(said.code, 1);
	assert.match(said.stderr, /answers 307/);
	assert.equal(asked[0], undefined, "the first question proves nothing");
});

test("the token is not sent to another machine's redirect, nor from a file that others can read", async (t) => {
	const { gateway } = await start(t);
	const asked: string[] = [];
	const elsewhere = createServer((request, response) => {
		asked.push(request.headers.authorization ?? "");
		response.end("{}");
	});
	elsewhere.listen(0, "127.0.0.1");
	t.after(() => elsewhere.close());
	await new Promise((resolve) => elsewhere.once("listening", resolve));
	const { port } = elsewhere.address() as AddressInfo;
	const redirecting = createServer((_request, response) =>
		response.writeHead(302, { location: `http://127.0.0.1:${port}/healthz` }).end(),
	);
	redirecting.listen(0, "127.0.0.1");
	t.after(() => redirecting.close());
	await new Promise((resolve) => redirecting.once("listening", resolve));
	const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
	const said = await new BerthCommand({ DATA_DIR: gateway.dataDir, BERTH_URL: url }).run("user", "list");
	assert.match(said.stderr, /it answers 302, which is no gateway's answer/);
	assert.deepEqual(asked, []);
});
