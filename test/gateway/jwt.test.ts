/** Signing in by a platform's token, on a real gateway, with keys that a platform publishes or shares. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SignJWT } from "jose";
import { userIdOf } from "../../server/core/identity.ts";
import { askApi, cookieOf } from "../support/api-client.ts";
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

async function account(cookie: string) {
	return (await askApi(gateway.base, "account.read", {}, { cookie })).result;
}

test("a token of each kind of key is exchanged for a sign-in, with name, role and tier", async () => {
	for (const alg of PLATFORM_ALGORITHMS) {
		const claims = vouchingFor(`person ${alg}`, { name: "Ada Lovelace", role: "operator", tier: "premium" });
		const { cookies, refused, status } = await askApi(gateway.base, "sign-in.jwt", {
			token: await platform.signed(claims, { alg }),
		});
		assert.deepEqual([status, refused], [200, undefined], alg);
		const { method, user } = (await account(cookieOf(cookies))) ?? {};
		assert.equal(method, "jwt");
		assert.deepEqual([user?.displayName, user?.role, user?.tier], ["Ada Lovelace", "operator", "premium"]);
		assert.deepEqual([user?.issuer, user?.subject], [PLATFORM_ISSUER, `person ${alg}`]);
	}
});

test("whoever was signed in by a token has a terminal, and loses it when signing out", async () => {
	const token = await platform.signed(vouchingFor("terminal"));
	const { cookies } = await askApi(gateway.base, "sign-in.jwt", { token });
	const cookie = cookieOf(cookies);
	using page = await PageClient.connect(gateway.base, cookie);
	await page.untilReady();
	const screen = await page.open();
	assert.equal(await page.run(screen, "echo $((6 * 7))"), "42");
	const left = await askApi(gateway.base, "sign-in.leave", {}, { cookie });
	assert.deepEqual(left.result, { continueAt: null });
	assert.equal((await account(cookie))?.user, null);
});

test("inside another site's page the cookie belongs to the pair of both sites", async () => {
	const token = await platform.signed(vouchingFor("embedded"));
	const { cookies } = await askApi(gateway.base, "sign-in.jwt", { token, isEmbedded: true });
	const [line = ""] = cookies.filter((each) => !each.includes("Max-Age=0"));
	assert.match(line, /^berth_embedded=[\w-]{43}; .*HttpOnly; Secure; Partitioned; SameSite=None$/);
	assert.equal((await account(cookieOf(cookies)))?.user?.subject, "embedded");
});

test("what a token does not say stays as it was; no tier, or one that there is not, is none", async () => {
	const signIn = async (more: Record<string, unknown>) => {
		const token = await platform.signed(vouchingFor("changing", more));
		const { cookies, refused } = await askApi(gateway.base, "sign-in.jwt", { token });
		assert.equal(refused, undefined);
		const { user } = (await account(cookieOf(cookies))) ?? {};
		return [user?.displayName, user?.role, user?.tier];
	};
	assert.deepEqual(await signIn({ name: "Grace", role: "operator", tier: "basic" }), ["Grace", "operator", "basic"]);
	assert.deepEqual(await signIn({}), ["Grace", "operator", "basic"]);
	assert.deepEqual(await signIn({ role: "root", tier: "no such tier" }), ["Grace", "user", null]);
	assert.deepEqual(await signIn({ tier: "basic" }), ["Grace", "user", "basic"]);
	assert.deepEqual(await signIn({ tier: null, name: " " }), ["Grace", "user", null]);
});

test("a platform can make a person known before they come: they are the same", async () => {
	const token = await platform.signed(vouchingFor("an operator", { role: "operator" }));
	const { cookies } = await askApi(gateway.base, "sign-in.jwt", { token });
	const identity = { issuer: PLATFORM_ISSUER, subject: "known before", displayName: "Known Before" };
	const { result } = await askApi(gateway.base, "user.register", identity, { cookie: cookieOf(cookies) });
	assert.equal(result?.user.userId, userIdOf(identity));
	const later = await askApi(gateway.base, "sign-in.jwt", {
		token: await platform.signed(vouchingFor("known before")),
	});
	assert.deepEqual((await account(cookieOf(later.cookies)))?.user?.username, result?.user.username);
});

test("a platform whose keys are not to be had is told apart from a wrong token, and found again", async () => {
	await gateway.stop();
	await platform.stop();
	await gateway.start();
	const token = await platform.signed(vouchingFor("patient"));
	assert.equal((await askApi(gateway.base, "sign-in.jwt", { token })).refused, "ISSUER_UNREACHABLE");
	await platform.start();
	assert.equal((await askApi(gateway.base, "sign-in.jwt", { token })).refused, undefined, "it was not used up");
});

test("a shared secret signs tokens as well", async () => {
	const JWT_SECRET = "a secret that platform and gateway share";
	const { JWT_JWKS_URL: _, ...environment } = platform.environment;
	await using own = await GatewayProcess.start({ ...environment, JWT_SECRET });
	const token = await new SignJWT(vouchingFor("shared"))
		.setProtectedHeader({ alg: "HS256" })
		.sign(new TextEncoder().encode(JWT_SECRET));
	const { cookies, refused } = await askApi(own.base, "sign-in.jwt", { token });
	assert.equal(refused, undefined);
	const { result } = await askApi(own.base, "account.read", {}, { cookie: cookieOf(cookies) });
	assert.equal(result?.user?.subject, "shared");
	const embedded = await askApi(own.base, "sign-in.jwt", { token, isEmbedded: true });
	assert.equal(embedded.refused, "BAD_REQUEST", "no site may embed it, so that there is no cookie for that");
});
