/** Names and passwords of every size and shape at the API, on a real gateway: each is answered, and none does harm. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { API_PATH } from "../../server/protocol/api.ts";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { firstOperator, PASSWORD, tokenOf } from "../support/members.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { hostileValue } from "./hostile-values.ts";

let gateway: GatewayProcess;
let operator: ApiClient;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password", TRUST_PROXY: "loopback", LOG_LEVEL: "info" });
	operator = await firstOperator(gateway);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

async function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
	const browser = new ApiClient(gateway.base, headers);
	const options = { method: "POST", headers: { "content-type": "application/json" }, body };
	return await browser.fetch(`${API_PATH}${path}`, options);
}

test("what is too long is refused before anything is hashed or kept", async () => {
	const fits = { name: "a".repeat(64), password: "p".repeat(1_024) };
	for (const [body, status] of [
		[fits, 401],
		[{ ...fits, name: "a".repeat(65) }, 400],
		[{ ...fits, password: "p".repeat(1_025) }, 400],
		[{ ...fits, name: "a".repeat(60_000) }, 400],
		[{ ...fits, password: "p".repeat(10_000_000) }, 400],
		[{ name: [fits.name], password: { length: 1 } }, 400],
		[{ name: { toString: 0 }, password: null }, 400],
	] as const) {
		const response = await post("/sign-ins/password", JSON.stringify(body));
		await response.arrayBuffer();
		assert.equal(response.status, status, JSON.stringify(body).slice(0, 60));
	}
});

test("what is no JSON, or no object, is refused, and so are keys that mean something to JavaScript", async () => {
	for (const body of ["", "{", "null", "[]", "1", '"text"', "\0", '{"name":"a","name":"b"}', "{'name':'a'}"]) {
		const response = await post("/sign-ins/password", body);
		await response.arrayBuffer();
		assert.equal(response.status, 400, body);
	}
	for (const body of [
		'{"__proto__":{"name":"root of all","password":"x"}}',
		'{"constructor":{"prototype":{"name":"x"}},"name":"x"}',
	]) {
		const response = await post("/sign-ins/password", body);
		await response.arrayBuffer();
		assert.equal(response.status, 400, body);
	}
});

test("anything at all in place of name, password and token is answered, and lets nobody in", async () => {
	const random = SeededRandom.fromEnvironment();
	for (let round = 0; round < 300; round += 1) {
		const [name, password, token] = [hostileValue(random), hostileValue(random), hostileValue(random)];
		const path = random.pick(["/sign-ins/password", "/invitations/look", "/invitations/accept"]);
		const from = { "x-forwarded-for": `198.51.100.${round % 250}` };
		const response = await post(path, JSON.stringify({ name, password, token }), from);
		await response.arrayBuffer();
		assert.ok([400, 401, 410, 429].includes(response.status), `${path} ${response.status}, seed ${random.seed}`);
		assert.deepEqual(response.headers.getSetCookie(), []);
	}
	assert.doesNotMatch(gateway.log, /request failed/);
});

test("somebody of an odd name is added, signs in and has a shell's name that is like any other", async () => {
	for (const name of [
		"名前",
		"o'neil; rm -rf ~",
		"$(reboot)",
		"../../etc/passwd",
		"-rf",
		"root",
		"👩‍💻".slice(0, 2),
		"a=b&c",
	]) {
		const { invitation, user } = await operator.ask("user.add", { name });
		assert.match(user.username, /^[a-z][a-z0-9-]{0,19}-[a-z2-7]{10}$/);
		const browser = new ApiClient(gateway.base);
		await browser.ask("invitation.accept", { token: tokenOf(invitation.url), password: PASSWORD });
		await browser.ask("sign-in.password", { name, password: PASSWORD });
		assert.equal((await browser.ask("account.read", {})).user?.displayName, name);
	}
	for (const name of ["", " ", "a\nb", "a\0b", "\u202etoor", "x".repeat(65), "\u3164", "\ud800"]) {
		assert.equal(await operator.refusal("user.add", { name }), "BAD_REQUEST", JSON.stringify(name));
	}
});

test("a password may be anything that can be typed, and is told from any other", async () => {
	const { invitation } = await operator.ask("user.add", { name: "typist" });
	const password = "pä$$ wörd 👩‍💻\n\ttab \0nul";
	await new ApiClient(gateway.base).ask("invitation.accept", { token: tokenOf(invitation.url), password });
	await new ApiClient(gateway.base).ask("sign-in.password", { name: "typist", password });
	for (const other of [password.slice(0, -1), `${password} `, password.split("\0")[0] ?? "", password.toUpperCase()]) {
		const refusal = new ApiClient(gateway.base).refusal("sign-in.password", { name: "typist", password: other });
		assert.equal(await refusal, "WRONG_CREDENTIALS");
	}
});
