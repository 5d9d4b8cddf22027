/** What the API answers to requests that are wrong: codes of the error table, as JSON, and nothing changed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ERROR_TABLE, type ErrorCode } from "../../server/protocol/errors.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let gateway: GatewayProcess;
let token: string;

before(async () => {
	gateway = await GatewayProcess.start({});
	token = readFileSync(join(gateway.dataDir, "operator-token"), "utf8").trim();
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

type Ask = { method?: string; path: string; headers?: Record<string, string>; body?: string };

/** With the operators' token, unless `headers` say otherwise. */
async function refusal({ method = "GET", path, headers, body }: Ask): Promise<{ code: ErrorCode; message: string }> {
	const response = await fetch(`${gateway.base}/api/v1${path}`, {
		method,
		headers: headers ?? { authorization: `Bearer ${token}`, "content-type": "application/json" },
		...(body !== undefined && { body }),
	});
	assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
	assert.equal(response.headers.get("cache-control"), "no-store");
	const { error, ...rest } = (await response.json()) as { error: { code: ErrorCode; message: string; action: string } };
	assert.deepEqual(rest, {});
	assert.equal(response.status, ERROR_TABLE[error.code].status);
	assert.equal(error.action, ERROR_TABLE[error.code].action);
	return error;
}

test("what cannot be understood is told with the field that is wrong", async () => {
	for (const [ask, field] of [
		[{ path: "/audit?limit=0" }, /limit/],
		[{ path: "/audit?after=x" }, /after/],
		[{ path: "/users?limit=501" }, /limit/],
		[{ path: "/users/..%2f..%2fetc" }, /user/],
		[{ path: "/users/%00" }, /user/],
		[{ method: "POST", path: "/tokens", body: "{}" }, /name/],
		[{ method: "POST", path: "/tokens", body: '{"name":"Not This"}' }, /name: must be lower-case/],
		[{ method: "PATCH", path: "/users/ada", body: '{"role":"king"}' }, /role/],
		[{ method: "POST", path: "/tokens", body: '{"name":{"toString":1}}' }, /name/],
	] as const) {
		const { code, message } = await refusal(ask);
		assert.equal(code, "BAD_REQUEST", ask.path);
		assert.match(message, field, ask.path);
	}
});

test("bodies that are no JSON object, or too large, are refused", async () => {
	for (const body of ["[", "[]", '"x"', "null", "1", `{"name":"${"x".repeat(70_000)}"}`]) {
		const { code } = await refusal({ method: "POST", path: "/tokens", body });
		assert.equal(code, "BAD_REQUEST", body.slice(0, 10));
	}
});

test("what is not there is told apart from what is wrong", async () => {
	assert.equal((await refusal({ path: "/nothing" })).code, "NOT_FOUND");
	assert.equal((await refusal({ method: "PUT", path: "/tokens", body: "{}" })).code, "NOT_FOUND");
	assert.equal((await refusal({ method: "DELETE", path: "/tokens/none" })).code, "NOT_FOUND");
	assert.equal((await refusal({ path: "/users/nobody-here" })).code, "USER_NOT_FOUND");
});

test("tokens that are not one are refused, also where somebody's cookie comes with them", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	for (const bad of ["berth_x", token.slice(0, -1), `${token}A`, token.toLowerCase()]) {
		const { code } = await refusal({ path: "/tokens", headers: { authorization: `Bearer ${bad}`, cookie } });
		assert.equal(code, "UNAUTHENTICATED");
	}
	for (const authorization of [`Basic ${token}`, token, `bearer  ${token}`, `Bearer ${token} x`]) {
		assert.equal(
			(await refusal({ path: "/tokens", headers: { authorization } })).code,
			"UNAUTHENTICATED",
			authorization,
		);
	}
});

test("a guest may not do what operators may, and a token is nobody's self", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	for (const path of ["/users", "/tokens", "/audit", "/audit/verdict", "/users/somebody-else"]) {
		assert.equal((await refusal({ path, headers: { cookie } })).code, "FORBIDDEN", path);
		assert.equal((await refusal({ path, headers: {} })).code, "UNAUTHENTICATED", path);
	}
	assert.equal((await refusal({ path: "/users/me" })).code, "UNAUTHENTICATED");
});

test("none of it has made a token, and the log says who was refused what", async () => {
	const headers = { authorization: `Bearer ${token}` };
	const listed = (await (await fetch(`${gateway.base}/api/v1/tokens`, { headers })).json()) as { tokens: object[] };
	assert.equal(listed.tokens.length, 1);
	const { lines } = (await (await fetch(`${gateway.base}/api/v1/audit`, { headers })).json()) as {
		lines: { action: string; details: object }[];
	};
	const refused = lines
		.filter(({ action }) => action === "api.refused")
		.map(({ details }) => Object.values(details)[0]);
	assert.deepEqual(refused.sort(), ["audit.list", "audit.verify", "token.list", "user.list", "user.read"]);
});
