/** A proxy's word for who somebody is, on a real gateway that trusts this machine. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { askFrom, pageUser, type SentHeaders } from "../support/header-client.ts";

const PROXY = "127.0.0.1";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({
		SIGN_IN: "proxy",
		TRUST_PROXY: PROXY,
		PROXY_ROLE_HEADER: "X-Remote-Role",
		PROXY_SIGN_OUT_URL: "https://login.example.org/sign-out",
	});
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

async function account(headers: SentHeaders) {
	const { body } = await askFrom(PROXY, `${gateway.base}/api/v1/me`, headers);
	return JSON.parse(body);
}

test("each request is whose the proxy says: the page, the API, and connections of either kind", async () => {
	const headers = { "x-remote-user": "ada", "x-remote-name": "Ada Lovelace" };
	const page = await askFrom(PROXY, `${gateway.base}/container-terminal`, headers);
	assert.equal(page.status, 200);
	const { method, signInId, user } = await account(headers);
	assert.deepEqual([method, signInId, user.issuer, user.subject], ["proxy", null, "proxy", "ada"]);
	assert.equal(await pageUser(gateway.base, headers, { transport: "websocket" }), "Ada Lovelace");
	assert.equal(await pageUser(gateway.base, headers, { transport: "polling" }), "Ada Lovelace");
	const bob = await account({ "x-remote-user": "bob" });
	assert.equal(bob.user.displayName, "bob");
});

test("whom the proxy does not name is nobody", async () => {
	for (const headers of [{}, { "x-remote-name": "Ada" }, { "x-remote-user": "" }]) {
		assert.equal((await account(headers)).user, null);
		const page = await askFrom(PROXY, `${gateway.base}/container-terminal`, headers);
		assert.equal(`${page.status} ${page.location}`, "303 /sign-in");
		assert.equal(await pageUser(gateway.base, headers, { transport: "websocket" }), null);
	}
});

test("names beyond ASCII can be read, however the proxy writes them", async () => {
	const asBytes = Buffer.from("Jörg Žižek 🦀", "utf8").toString("latin1");
	for (const [sent, read] of [
		[asBytes, "Jörg Žižek 🦀"],
		["J\u00f6rg", "J\u00f6rg"],
		["=?utf-8?Q?J=C3=B6rg_=C5=BDi=C5=BEek?=", "Jörg Žižek"],
		["=?UTF-8?B?SsO2cmc=?= =?iso-8859-1?q?_Gr=F6n?=", "Jörg Grön"],
		["=?no-such-charset?Q?x?=", "=?no-such-charset?Q?x?="],
	] as const) {
		assert.equal((await account({ "x-remote-user": "joerg", "x-remote-name": sent })).user.displayName, read);
	}
});

test("the name may change, or be missing; the user and the account stay", async () => {
	const first = await account({ "x-remote-user": "grace", "x-remote-name": "Grace Murray" });
	const married = await account({ "x-remote-user": "grace", "x-remote-name": "Grace Hopper" });
	const unnamed = await account({ "x-remote-user": "grace" });
	assert.deepEqual([married.user.username, married.user.userId], [first.user.username, first.user.userId]);
	assert.deepEqual([married.user.displayName, unnamed.user.displayName], ["Grace Hopper", "Grace Hopper"]);
});

test("the role is what the proxy says with each request", async () => {
	for (const [role, expected] of [
		["operator", "operator"],
		["user", "user"],
		["operator", "operator"],
		["Operator", "user"],
		[undefined, "user"],
	] as const) {
		const headers = { "x-remote-user": "chief", ...(role && { "x-remote-role": role }) };
		assert.equal((await account(headers)).user.role, expected, role ?? "none");
	}
});

test("signing out goes on where one signs out at the proxy", async () => {
	const client = new ApiClient(gateway.base, { "x-remote-user": "ada" });
	assert.deepEqual(await client.ask("sign-in.leave", {}), { continueAt: "https://login.example.org/sign-out" });
});

test("where guests are let in too, whom the proxy names is no guest", async () => {
	await using both = await GatewayProcess.start({ SIGN_IN: "proxy,anonymous", TRUST_PROXY: PROXY });
	const named = await fetch(`${both.base}/container-terminal`, { headers: { "x-remote-user": "ada" } });
	await named.arrayBuffer();
	assert.deepEqual([named.status, named.headers.getSetCookie()], [200, []]);
	const guest = new ApiClient(both.base);
	await (await guest.fetch("/container-terminal")).arrayBuffer();
	assert.equal((await guest.ask("account.read", {})).method, "anonymous");
	const besides = new ApiClient(both.base, { "x-remote-user": "ada", cookie: guest.cookie });
	const { hasGuestFiles, method } = await besides.ask("account.read", {});
	assert.deepEqual([method, hasGuestFiles], ["proxy", true]);
});
