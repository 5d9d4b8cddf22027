/** Signing in by a platform's token, on a real gateway, with keys that a platform publishes or shares. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SignJWT } from "jose";
import { userIdOf } from "../../server/core/identity.ts";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { PLATFORM_ALGORITHMS, PLATFORM_ISSUER, TestPlatform, vouchingFor } from "../support/test-platform.ts";

let platform: TestPlatform;
let gateway: GatewayProcess;

before(async () => {
	platform = await TestPlatform.start();
	gateway = await GatewayProcess.start({ ...platform.environment, EMBED_ORIGINS: "https://platform.example" });
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	await platform?.[Symbol.asyncDispose]();
});

/** Signs somebody in by what the platform says of them. */
async function signedIn(sub: string, more: Record<string, unknown> = {}): Promise<ApiClient> {
	const client = new ApiClient(gateway.base);
	await client.ask("sign-in.jwt", { token: await platform.signed(vouchingFor(sub, more)) });
	return client;
}

test("a token of each kind of key is exchanged for a sign-in, with name, role and tier", async () => {
	for (const alg of PLATFORM_ALGORITHMS) {
		const claims = vouchingFor(`person ${alg}`, { name: "Ada Lovelace", role: "operator", tier: "premium" });
		const client = new ApiClient(gateway.base);
		await client.ask("sign-in.jwt", { token: await platform.signed(claims, { alg }) });
		const { method, user } = await client.ask("account.read", {});
		assert.equal(method, "jwt");
		assert.deepEqual([user?.displayName, user?.role, user?.tier], ["Ada Lovelace", "operator", "premium"]);
		assert.deepEqual([user?.issuer, user?.subject], [PLATFORM_ISSUER, `person ${alg}`]);
	}
});

test("whoever was signed in by a token has a terminal, and nobody after signing out", async () => {
	const client = await signedIn("terminal");
	using page = await PageClient.connect(gateway.base, client.cookie);
	await page.untilReady();
	const screen = await page.open();
	assert.equal(await page.run(screen, "echo $((6 * 7))"), "42");
	const former = new ApiClient(gateway.base, { cookie: client.cookie });
	assert.deepEqual(await client.ask("sign-in.leave", {}), { continueAt: null });
	assert.equal((await former.ask("account.read", {})).user, null);
});

test("inside another site's page the cookie belongs to the pair of both sites", async () => {
	const token = await platform.signed(vouchingFor("embedded"));
	const client = new ApiClient(gateway.base);
	const answer = await client.fetch("/api/v1/sign-ins/jwt", {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ token, isEmbedded: true }),
	});
	const [line = ""] = answer.headers.getSetCookie().filter((each) => !each.includes("Max-Age=0"));
	assert.match(line, /^berth_embedded=[\w-]{43}; .*HttpOnly; Secure; Partitioned; SameSite=None$/);
	assert.equal((await client.ask("account.read", {})).user?.subject, "embedded");
});

test("what a token does not say stays as it was; no tier, or one that there is not, is none", async () => {
	const signIn = async (more: Record<string, unknown>) => {
		const { user } = await (await signedIn("changing", more)).ask("account.read", {});
		return [user?.displayName, user?.role, user?.tier];
	};
	assert.deepEqual(await signIn({ name: "Grace", role: "operator", tier: "basic" }), ["Grace", "operator", "basic"]);
	assert.deepEqual(await signIn({}), ["Grace", "operator", "basic"]);
	assert.deepEqual(await signIn({ role: "root", tier: "no such tier" }), ["Grace", "user", null]);
	assert.deepEqual(await signIn({ tier: "basic" }), ["Grace", "user", "basic"]);
	assert.deepEqual(await signIn({ tier: null, name: " " }), ["Grace", "user", null]);
});

test("a platform can make a person known before they come: they are the same", async () => {
	const operator = await signedIn("an operator", { role: "operator" });
	const identity = { issuer: PLATFORM_ISSUER, subject: "known before", displayName: "Known Before" };
	const { user } = await operator.ask("user.register", identity);
	assert.equal(user.userId, userIdOf(identity));
	const later = await (await signedIn("known before")).ask("account.read", {});
	assert.deepEqual([later.user?.username, later.user?.displayName], [user.username, "Known Before"]);
});

test("a way in that is switched off lets nobody in who came by it, until it is on again", async () => {
	const client = await signedIn("switched off");
	await gateway.stop();
	await gateway.start({ SIGN_IN: "password" });
	assert.equal((await client.ask("account.read", {})).user, null);
	await gateway.stop();
	await gateway.start({ SIGN_IN: "jwt" });
	assert.equal((await client.ask("account.read", {})).user?.subject, "switched off");
});

test("a platform whose keys are not to be had is told apart from a wrong token, and found again", async () => {
	await gateway.stop();
	await platform.stop();
	await gateway.start();
	const client = new ApiClient(gateway.base);
	const token = await platform.signed(vouchingFor("patient"));
	assert.equal(await client.refusal("sign-in.jwt", { token }), "ISSUER_UNREACHABLE");
	await platform.start();
	await client.ask("sign-in.jwt", { token });
});

test("a shared secret signs tokens as well", async () => {
	const JWT_SECRET = "a secret that platform and gateway share";
	const { JWT_JWKS_URL: _, ...environment } = platform.environment;
	await using own = await GatewayProcess.start({ ...environment, JWT_SECRET });
	const token = await new SignJWT(vouchingFor("shared"))
		.setProtectedHeader({ alg: "HS256" })
		.sign(new TextEncoder().encode(JWT_SECRET));
	const client = new ApiClient(own.base);
	await client.ask("sign-in.jwt", { token });
	assert.equal((await client.ask("account.read", {})).user?.subject, "shared");
	// No site may embed it, so that there is no cookie for that.
	assert.equal(await client.refusal("sign-in.jwt", { token, isEmbedded: true }), "BAD_REQUEST");
});
