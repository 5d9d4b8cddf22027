/** Signing in at an OpenID provider: a real provider, a real gateway, and a browser's part played by hand. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { FetchBrowser } from "../support/fetch-browser.ts";
import { letGoOf } from "../support/let-go-of.ts";
import { OidcStage } from "../support/oidc-stage.ts";
import { PageClient } from "../support/page-client.ts";

let stage: OidcStage;

before(async () => {
	stage = await OidcStage.start();
});
after(async () => {
	await stage?.[Symbol.asyncDispose]();
});

test("whoever is not signed in is led to the sign-in page, and cannot connect", async () => {
	const browser = new FetchBrowser();
	const page = await browser.open(`${stage.base}/container-terminal`);
	assert.equal(page.url.pathname, "/sign-in");
	assert.deepEqual(page.headers.getSetCookie(), []);
	const { methods, user } = await stage.account(browser);
	assert.equal(user, null);
	assert.deepEqual(methods, [{ method: "oidc", label: "Single sign-on", path: "sign-in/oidc" }]);
});

test("a round trip by way of login and consent ends in the terminal, with name, role and tier", async () => {
	stage.provider.people.set("ada", { name: "Ada Lovelace", realm: { roles: ["staff", "teachers"] }, plan: "premium" });
	const browser = new FetchBrowser();
	const page = await stage.signIn(browser, "ada");
	assert.equal(`${page.status} ${page.url}`, `200 ${stage.base}/container-terminal`);
	const { method, user } = await stage.account(browser);
	assert.equal(method, "oidc");
	assert.equal(user?.displayName, "Ada Lovelace");
	assert.match(user?.username ?? "", /^ada-lovelace-[a-z2-7]{10}$/);
	assert.deepEqual(
		[user?.issuer, user?.subject, user?.role, user?.tier],
		[stage.provider.issuer, "ada", "operator", "premium"],
	);
	using client = await PageClient.connect(stage.base, browser.cookiesFor(stage.base));
	await client.untilReady();
	assert.equal(client.welcome?.user.username, user?.username);
	const screen = await client.open();
	assert.equal(await client.run(screen, "echo $((6 * 7))"), "42");
});

test("the provider is asked with PKCE, state and nonce, and told an address that no header of ours decides", async () => {
	const answer = await fetch(`${stage.base}/sign-in/oidc?redirect_uri=https://evil.example`, {
		headers: { "x-forwarded-host": "evil.example" },
		redirect: "manual",
	});
	const asked = new URL(answer.headers.get("location") ?? "").searchParams;
	assert.equal(asked.get("redirect_uri"), `${stage.base}/sign-in/oidc/callback`);
	assert.equal(asked.get("code_challenge_method"), "S256");
	for (const name of ["state", "nonce", "code_challenge"]) assert.ok((asked.get(name)?.length ?? 0) >= 43, name);
	const [cookie = ""] = answer.headers.getSetCookie();
	assert.match(cookie, /^berth_oidc=[\w-]+; Max-Age=900; Path=\/; HttpOnly; SameSite=Lax$/);
	assert.ok(!cookie.includes(asked.get("state") ?? ""), "what the cookie holds is sealed");
});

test("roles, tiers and names follow the provider; the user and the account stay", async () => {
	const { people } = stage.provider;
	people.set("grace", { name: "Grace Hopper", realm: { roles: "admins" }, plan: "no such tier" });
	await stage.signIn(new FetchBrowser(), "grace");
	const browser = new FetchBrowser();
	people.set("grace", { name: "Admiral Hopper", realm: { roles: ["Admins", "admins,x"] }, plan: "basic" });
	await stage.signIn(browser, "grace");
	const { user } = await stage.account(browser);
	assert.deepEqual([user?.displayName, user?.role, user?.tier], ["Admiral Hopper", "user", "basic"]);
	assert.match(user?.username ?? "", /^grace-hopper-/);
	people.set("grace", {});
	await stage.signIn(browser, "grace");
	const { user: later } = await stage.account(browser);
	assert.deepEqual([later?.displayName, later?.tier, later?.userId], ["Admiral Hopper", null, user?.userId]);
});

test("signing out ends it here, and goes on to the provider and back", async () => {
	const browser = new FetchBrowser();
	await stage.signIn(browser, "ada");
	using client = await PageClient.connect(stage.base, browser.cookiesFor(stage.base));
	client.socket.io.opts.reconnection = false;
	const dropped = letGoOf(client);
	const { body } = await stage.ask<"sign-in.leave">(browser, "DELETE", "/sign-ins/current");
	await dropped;
	assert.equal((await stage.account(browser)).user, null);
	const address = new URL(body.continueAt ?? "");
	assert.equal(address.origin, stage.provider.issuer);
	const page = await browser.submit(await browser.open(address), { logout: "yes" });
	assert.equal(page.url.href.split("?")[0], `${stage.base}/sign-in`);
	const again = await browser.open(`${stage.base}/sign-in/oidc`);
	assert.match(again.html, /name="login"/, "the provider asks who it is again");
});

test("signing out at the provider drops the terminal within a second, and that person's only", async () => {
	const [browser, other] = [new FetchBrowser(), new FetchBrowser()];
	await stage.signIn(browser, "ada");
	await stage.signIn(other, "bob");
	using client = await PageClient.connect(stage.base, browser.cookiesFor(stage.base));
	using neighbour = await PageClient.connect(stage.base, other.cookiesFor(stage.base));
	client.socket.io.opts.reconnection = false;
	await Promise.all([client.untilReady(), neighbour.untilReady()]);
	const dropped = letGoOf(client);
	const form = await browser.open(`${stage.provider.issuer}/session/end`);
	const start = performance.now();
	await browser.submit(form, { logout: "yes" });
	const ms = (await dropped) - start;
	assert.ok(ms < 1_000, `it took ${ms} ms`);
	assert.equal((await stage.account(browser)).user, null);
	assert.equal(neighbour.socket.connected, true);
	assert.equal((await stage.account(other)).user?.subject, "bob");
	await eventually(() => {
		assert.ok(stage.audited("sign-in.ended").some(({ details }) => Object(details).why === "issuer"));
	});
});

test("a gateway that is started again amid a sign-in goes on with it", async () => {
	const browser = new FetchBrowser();
	const first = await browser.open(`${stage.base}/sign-in/oidc`);
	await stage.gateway.stop("SIGKILL");
	await stage.gateway.start();
	const page = await stage.comeThrough(browser, first, "ada");
	assert.equal(`${page.status} ${page.url.pathname}`, "200 /container-terminal");
	assert.equal((await stage.account(browser)).user?.subject, "ada");
});

test("a provider that is down is no reason not to start, nor to show a stack, and is found again", async () => {
	await stage.gateway.stop();
	await stage.provider.stop();
	await stage.gateway.start();
	const browser = new FetchBrowser();
	const stop = (next: URL) => next.pathname === "/sign-in";
	const refused = await browser.open(`${stage.base}/sign-in/oidc`, stop);
	assert.equal(`${refused.status} ${refused.headers.get("location")}`, "303 /sign-in?error=ISSUER_UNREACHABLE");
	await stage.provider.start();
	// It is asked once a second at most.
	await sleep(1_100);
	const page = await stage.signIn(browser, "ada");
	assert.equal(page.url.pathname, "/container-terminal");
	const begun = await browser.open(`${stage.base}/sign-in/oidc`, (next) => next.pathname.endsWith("/callback"));
	await stage.provider.stop();
	const lost = await browser.open(begun.headers.get("location") ?? "", stop);
	assert.equal(lost.headers.get("location"), "/sign-in?error=ISSUER_UNREACHABLE");
	await stage.provider.start();
});

test("whoever says no at the provider comes back to the sign-in page, and the reason is in the audit log", async () => {
	const browser = new FetchBrowser();
	const form = await browser.open(`${stage.base}/sign-in/oidc`);
	const [, abort = ""] = /href="([^"]+abort)"/.exec(form.html) ?? [];
	const page = await browser.open(new URL(abort, form.url), (next) => next.pathname === "/sign-in");
	assert.equal(page.headers.get("location"), "/sign-in?error=SIGN_IN_REFUSED");
	await eventually(() => {
		const { details, result } = stage.audited("signed-in").at(-1) ?? {};
		assert.equal(result, "SIGN_IN_REFUSED");
		assert.deepEqual(details, { method: "oidc", reason: "the provider answered access_denied" });
	});
});

test("below a path of a host all of it stays below", async () => {
	await using below = await OidcStage.start({ BASE_PATH: "/berth" });
	const browser = new FetchBrowser();
	const first = await browser.open(`${below.base}/container-terminal`);
	assert.equal(first.url.pathname, "/berth/sign-in");
	const page = await below.signIn(browser, "ada");
	assert.equal(`${page.status} ${page.url.pathname}`, "200 /berth/container-terminal");
	using client = await PageClient.connect(below.base, browser.cookiesFor(below.base));
	client.socket.io.opts.reconnection = false;
	const dropped = letGoOf(client);
	const signedOut = await browser.submit(await browser.open(`${below.provider.issuer}/session/end`), { logout: "yes" });
	assert.equal(signedOut.status, 200);
	await dropped;
	const refused = await browser.open(`${below.base}/sign-in/oidc/callback?code=x`);
	assert.equal(`${refused.url.pathname}${refused.url.search}`, "/berth/sign-in?error=SIGN_IN_REFUSED");
	const elsewhere = await fetch(`${new URL(below.base).origin}/sign-in/oidc`, { redirect: "manual" });
	assert.equal(elsewhere.status, 404);
	await elsewhere.arrayBuffer();
});
