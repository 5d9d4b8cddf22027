/** Having somebody sign in to a session that one knows, or getting at theirs, on a real gateway. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, PASSWORD, printedLink, tokenOf } from "../support/members.ts";

let gateway: GatewayProcess;
let operator: ApiClient;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password" });
	operator = await firstOperator(gateway);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

const NAME = "berth_sign_in";
const EMBEDDED = "berth_embedded";

async function whoIs(browser: ApiClient): Promise<string | null> {
	return (await browser.ask("account.read", {})).user?.displayName ?? null;
}

function browserWith(cookies: Record<string, string>): ApiClient {
	const browser = new ApiClient(gateway.base);
	for (const [name, value] of Object.entries(cookies)) browser.cookies.set(name, value);
	return browser;
}

test("a token that somebody chose beforehand is nobody's before a sign-in, and nobody's after it", async () => {
	await addMember(operator, "ada");
	const chosen = randomBytes(32).toString("base64url");
	const victim = browserWith({ [NAME]: chosen });
	assert.equal(await whoIs(victim), null);
	await victim.ask("sign-in.password", { name: "ada", password: PASSWORD });
	assert.notEqual(victim.cookies.get(NAME), chosen);
	assert.equal(await whoIs(browserWith({ [NAME]: chosen })), null);
	assert.equal(await whoIs(victim), "ada");
});

test("an attacker's own sign-in that is put into a browser ends there, by a password as by a link", async () => {
	await addMember(operator, "bea");
	const mallory = await addMember(operator, "mallory");
	const { invitation } = await operator.ask("user.add", { name: "cleo" });
	for (const name of ["bea", "cleo"]) {
		await mallory.browser.ask("sign-in.password", { name: "mallory", password: PASSWORD });
		const planted = mallory.browser.cookies.get(NAME) ?? "";
		const victim = browserWith({ [NAME]: planted });
		if (name === "bea") await victim.ask("sign-in.password", { name, password: PASSWORD });
		else await victim.ask("invitation.accept", { token: tokenOf(invitation.url), password: PASSWORD });
		assert.notEqual(victim.cookies.get(NAME), planted);
		assert.equal(await whoIs(victim), name);
		assert.equal(await whoIs(browserWith({ [NAME]: planted })), null);
	}
});

test("the token is another one after each sign-in, and the one before is of no use", async () => {
	await addMember(operator, "dora");
	const browser = new ApiClient(gateway.base);
	const tokens: string[] = [];
	for (let turn = 0; turn < 4; turn += 1) {
		await browser.ask("sign-in.password", { name: "dora", password: PASSWORD });
		tokens.push(browser.cookies.get(NAME) ?? "");
	}
	assert.equal(new Set(tokens).size, 4);
	for (const token of tokens.slice(0, -1)) assert.equal(await whoIs(browserWith({ [NAME]: token })), null);
	assert.equal(await whoIs(browserWith({ [NAME]: tokens.at(-1) ?? "" })), "dora");
});

test("the cookie of an embedded page, which would count first, is taken away at a sign-in", async () => {
	await addMember(operator, "elsa");
	const mallory = await addMember(operator, "mallory two");
	const victim = browserWith({ [EMBEDDED]: mallory.browser.cookies.get(NAME) ?? "" });
	assert.equal(await whoIs(victim), "mallory two");
	await victim.ask("sign-in.password", { name: "elsa", password: PASSWORD });
	assert.equal(victim.cookies.has(EMBEDDED), false);
	assert.equal(await whoIs(victim), "elsa");
});

test("a sign-in's token is taken from its cookie and from nowhere else", async () => {
	const token = operator.cookies.get(NAME) ?? "";
	const stranger = new ApiClient(gateway.base);
	for (const path of [`/api/v1/me?${NAME}=${token}`, `/api/v1/me;${NAME}=${token}`, `/api/v1/me#${token}`]) {
		const response = await stranger.fetch(path);
		const answer: unknown = await response.json();
		assert.ok(Object(answer).user === null || response.status === 404, path);
	}
	for (const headers of [{ "x-berth-sign-in": token }, { [NAME]: token }]) {
		const response = await stranger.fetch("/api/v1/me", { headers });
		assert.equal(Object(await response.json()).user, null);
	}
	const bearer = await stranger.fetch("/api/v1/me", { headers: { authorization: `Bearer ${token}` } });
	assert.equal(bearer.status, 401);
	await bearer.arrayBuffer();
});

test("the name of a sign-in, which its owner and operators see, lets nobody in", async () => {
	const { signIns } = await operator.ask("sign-in.list", { user: "me" });
	for (const { signInId } of signIns) {
		assert.equal(await whoIs(browserWith({ [NAME]: signInId })), null);
		assert.equal(await whoIs(browserWith({ [NAME]: signInId.padEnd(43, "A") })), null);
	}
});

test("where people come by HTTPS, cookies that another host or plain HTTP could have set are not looked at", async (t) => {
	const secure = await GatewayProcess.start({ SIGN_IN: "password", COOKIE_SECURE: "true" });
	t.after(() => secure[Symbol.asyncDispose]());
	// As behind a proxy that ends TLS.
	const headers = { origin: secure.base.replace(/^http:/, "https:") };
	const root = new ApiClient(secure.base, headers);
	const link = tokenOf(printedLink(secure) ?? "");
	await root.ask("invitation.accept", { token: link, name: "root", password: PASSWORD });
	const token = root.cookies.get(`__Host-${NAME}`) ?? "";
	assert.notEqual(token, "");
	assert.equal(await whoIs(root), "root");
	const tossed = new ApiClient(secure.base, headers);
	tossed.cookies.set(NAME, token).set(EMBEDDED, token);
	assert.equal(await whoIs(tossed), null);
	const lines = (await root.fetch("/api/v1/sign-ins/current", { method: "DELETE" })).headers.getSetCookie();
	assert.ok(lines.length >= 2 && lines.every((line) => /^__Host-.*; Path=\/.*; Secure/.test(line)), lines.join("\n"));
});
