/** Forged, mixed-up and replayed logout tokens, sent to a real gateway. */
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, beforeEach, test } from "node:test";
import { FetchBrowser } from "../support/fetch-browser.ts";
import { OidcStage } from "../support/oidc-stage.ts";
import { CLIENT_ID, CLIENT_SECRET } from "../support/test-provider.ts";

const EVENT = "http://schemas.openid.net/event/backchannel-logout";

let stage: OidcStage;
let browser: FetchBrowser;

before(async () => {
	stage = await OidcStage.start();
});
beforeEach(async () => {
	browser = new FetchBrowser();
	await stage.signIn(browser, "ada");
});
after(async () => {
	await stage?.[Symbol.asyncDispose]();
});

/** What a provider would say of somebody. */
function logoutOf(sub: string): Record<string, unknown> & { iat: number } {
	const iat = Math.floor(Date.now() / 1000);
	const jti = randomBytes(12).toString("hex");
	return { iss: stage.provider.issuer, aud: CLIENT_ID, sub, iat, exp: iat + 120, jti, events: { [EVENT]: {} } };
}

async function send(token: string, type = "application/x-www-form-urlencoded"): Promise<number> {
	const form = type.includes("json") ? JSON.stringify({ logout_token: token }) : `logout_token=${token}`;
	const headers = { "content-type": type };
	const answer = await fetch(`${stage.base}/sign-in/oidc/back-channel-logout`, { method: "POST", headers, body: form });
	assert.equal(answer.headers.get("cache-control"), "no-store");
	await answer.text();
	return answer.status;
}

async function isSignedIn(): Promise<boolean> {
	return (await stage.account(browser)).user !== null;
}

function encoded(part: object): string {
	return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** With a key that everybody knows, or with none. */
function signedBy(key: string | null, claims: Record<string, unknown>): string {
	const head = `${encoded({ alg: key === null ? "none" : "HS256", typ: "logout+jwt", kid: "test" })}.${encoded(claims)}`;
	return `${head}.${key === null ? "" : createHmac("sha256", key).update(head).digest("base64url")}`;
}

test("a logout token ends a person's sign-ins once; sent again it ends nothing", async () => {
	const token = await stage.provider.signed(logoutOf("ada"), { typ: "logout+jwt" });
	assert.equal(await send(token), 200);
	assert.equal(await isSignedIn(), false);
	await stage.signIn(browser, "ada");
	assert.equal(await send(token), 400);
	await stage.gateway.stop("SIGKILL");
	await stage.gateway.start();
	assert.equal(await send(token), 400, "nor after the gateway was started again");
	assert.equal(await isSignedIn(), true);
});

test("logout tokens that are not the provider's, not for here, not of now or no logout tokens end nothing", async () => {
	const good = logoutOf("ada");
	const { iat } = good;
	const { provider } = stage;
	const keys = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: object[] };
	const wrong: [string, string][] = [
		["no signature", signedBy(null, good)],
		["signed with the client's secret", signedBy(CLIENT_SECRET, good)],
		["signed with the public key", signedBy(JSON.stringify(keys.keys[0]), good)],
		["altered", (await provider.signed(logoutOf("bob"))).replace(/\.[^.]+\./, `.${encoded(good)}.`)],
		["for another audience", await provider.signed({ ...good, aud: "another client" })],
		["of another issuer", await provider.signed({ ...good, iss: "https://evil.example" })],
		["over", await provider.signed({ ...good, iat: iat - 600, exp: iat - 60 })],
		["old, though it says that it lasts", await provider.signed({ ...good, iat: iat - 3_600, exp: iat + 3_600 })],
		["from the future", await provider.signed({ ...good, iat: iat + 3_600, exp: iat + 7_200 })],
		["without an end", await provider.signed({ ...good, exp: undefined })],
		["without a beginning", await provider.signed({ ...good, iat: undefined })],
		["without an id", await provider.signed({ ...good, jti: undefined })],
		["without the event", await provider.signed({ ...good, events: {} })],
		["with an event that is no object", await provider.signed({ ...good, events: { [EVENT]: "yes" } })],
		["with a nonce: an ID token", await provider.signed({ ...good, nonce: "n" })],
		["that names nobody", await provider.signed({ ...good, sub: undefined })],
		["of another kind", await provider.signed(good, { typ: "at+jwt" })],
		["with another key's name", await provider.signed(good, { kid: "../../etc/passwd" })],
		["that is none", "x"],
		["that is very long", "x".repeat(40_000)],
	];
	for (const [why, token] of wrong) {
		assert.equal(await send(token), 400, why);
		assert.equal(await isSignedIn(), true, why);
	}
	assert.equal(await send(await provider.signed(good), "application/json"), 400, "no form");
	assert.equal(await send(await provider.signed(good)), 200, "and none of these has used it up");
});

test("a sign-in's own ID token logs nobody out", async () => {
	const other = new FetchBrowser();
	await stage.signIn(other, "ada");
	const { body } = await stage.ask<"sign-in.leave">(other, "DELETE", "/sign-ins/current");
	assert.equal(await send(new URL(body.continueAt ?? "").searchParams.get("id_token_hint") ?? ""), 400);
	assert.equal(await isSignedIn(), true);
});

test("a token ends the sign-in that it names, and not another's", async () => {
	for (const mixed of [{ sub: "bob" }, { sub: undefined, sid: "x" }, { sid: "of another sign-in" }, { sub: "ada\0" }]) {
		assert.equal(await send(await stage.provider.signed({ ...logoutOf("ada"), ...mixed })), 200);
		assert.equal(await isSignedIn(), true, JSON.stringify(mixed));
	}
});
