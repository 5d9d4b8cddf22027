/** Forged, mixed-up and replayed answers of an OpenID provider, on a real gateway and a real provider. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { OidcFlowCookie } from "../../server/http/oidc-flow-cookie.ts";
import { eventually } from "../support/eventually.ts";
import { FetchBrowser, type Page } from "../support/fetch-browser.ts";
import { OidcStage } from "../support/oidc-stage.ts";

let stage: OidcStage;

before(async () => {
	stage = await OidcStage.start();
});
after(async () => {
	await stage?.[Symbol.asyncDispose]();
});

const isCallback = (next: URL): boolean => next.pathname.endsWith("/callback");
const isPage = (next: URL): boolean => ["/sign-in", "/container-terminal"].includes(next.pathname);

/** Signs somebody in up to the address by which they would come back. */
async function almost(browser: FetchBrowser, subject: string): Promise<URL> {
	const first = await browser.open(`${stage.base}/sign-in/oidc`, isCallback);
	const last = await stage.comeThrough(browser, first, subject, isCallback);
	return new URL(last.headers.get("location") ?? "");
}

async function comeBack(browser: FetchBrowser, address: URL): Promise<Page> {
	return await browser.open(address, isPage);
}

async function assertRefused(browser: FetchBrowser, address: URL, why: string): Promise<void> {
	const { headers, html, status } = await comeBack(browser, address);
	assert.equal(`${status} ${headers.get("location")}`, "303 /sign-in?error=SIGN_IN_REFUSED", why);
	assert.doesNotMatch(html, /<script|at .*\.ts:/, why);
	assert.equal((await stage.account(browser)).user, null, why);
}

test("an answer that another browser asked for signs nobody in, and its own browser still can", async () => {
	const [attacker, victim] = [new FetchBrowser(), new FetchBrowser()];
	const address = await almost(attacker, "mallory");
	await assertRefused(victim, address, "a browser that began nothing");
	await victim.open(`${stage.base}/sign-in/oidc`, () => true);
	await assertRefused(victim, address, "a browser that began another sign-in");
	const page = await comeBack(attacker, address);
	assert.equal(page.headers.get("location"), "/container-terminal");
	assert.equal((await stage.account(attacker)).user?.subject, "mallory");
});

test("state, issuer and code count as they were given, and once", async () => {
	const changes: [string, (query: URLSearchParams) => void][] = [
		["another state", (query) => query.set("state", "x".repeat(43))],
		["no state", (query) => query.delete("state")],
		["two states", (query) => query.append("state", query.get("state") ?? "")],
		["two codes", (query) => query.append("code", "x")],
		["another code", (query) => query.set("code", "x".repeat(43))],
		["no code", (query) => query.delete("code")],
		["another issuer", (query) => query.set("iss", "https://evil.example")],
		["no issuer, where the provider says that it names itself", (query) => query.delete("iss")],
		["an ID token from the query", (query) => query.set("id_token", "eyJhbGciOiJub25lIn0.e30.")],
		["an answer in a token", (query) => query.set("response", "eyJhbGciOiJub25lIn0.e30.")],
	];
	for (const [why, change] of changes) {
		const browser = new FetchBrowser();
		const address = await almost(browser, "ada");
		change(address.searchParams);
		await assertRefused(browser, address, why);
	}
});

test("the answer to one sign-in is none to another of the same browser", async () => {
	const browser = new FetchBrowser();
	const [one, other] = [await almost(browser, "ada"), await almost(browser, "ada")];
	const mixed = new URL(other);
	mixed.searchParams.set("code", one.searchParams.get("code") ?? "");
	await assertRefused(browser, mixed, "the code was given for another challenge");
});

test("an ID token for another nonce is refused, though all the rest is right", async () => {
	const secret = readFileSync(join(stage.gateway.dataDir, "cookie-secret"), "utf8").trim();
	const cookie = new OidcFlowCookie({ secret, isSecure: false });
	for (const isChanged of [true, false]) {
		const browser = new FetchBrowser();
		const address = await almost(browser, "ada");
		const flow = cookie.flowOf({ headers: { cookie: browser.cookiesFor(stage.base) }, peer: "", address: "" });
		assert.ok(flow, "the browser has the flow");
		browser.keepCookie(stage.base, cookie.set({ ...flow, ...(isChanged && { nonce: "n".repeat(43) }) }));
		if (isChanged) await assertRefused(browser, address, "another nonce");
		else assert.equal((await comeBack(browser, address)).headers.get("location"), "/container-terminal");
	}
});

test("what the browser keeps of a sign-in can be neither altered nor made, nor used again", async () => {
	const browser = new FetchBrowser();
	const address = await almost(browser, "ada");
	const kept = browser.cookiesFor(stage.base);
	const value = kept.split("=")[1] ?? "";
	const otherKey = new OidcFlowCookie({ secret: "x".repeat(64), isSecure: false });
	const forged = otherKey.set({ state: address.searchParams.get("state") ?? "", nonce: "n", codeVerifier: "v" });
	for (const cookie of [
		`berth_oidc=${value.slice(0, -2)}${value.endsWith("AA") ? "BB" : "AA"}`,
		`berth_oidc=${value.slice(1)}`,
		"berth_oidc=",
		`berth_oidc=${"A".repeat(39)}`,
		forged,
	]) {
		const thief = new FetchBrowser();
		thief.keepCookie(stage.base, `${cookie.split(";", 1)[0]}; Path=/`);
		await assertRefused(thief, address, cookie);
	}
	assert.equal((await comeBack(browser, address)).headers.get("location"), "/container-terminal");
	assert.doesNotMatch(browser.cookiesFor(stage.base), /berth_oidc/, "it is gone once it was used");
	const again = new FetchBrowser();
	again.keepCookie(stage.base, `${kept}; Path=/`);
	await assertRefused(again, address, "the whole of it a second time");
});

test("nothing that is asked decides where one goes, and no text of a stranger is shown or logged", async () => {
	const evil = encodeURIComponent("https://evil.example/<script>alert(1)</script>");
	for (const query of [
		`next=${evil}`,
		`redirect_uri=${evil}`,
		`return_to=//evil.example`,
		`continue=%0d%0aLocation:x`,
	]) {
		const begun = await new FetchBrowser().open(`${stage.base}/sign-in/oidc?${query}`, () => true);
		const [location = ""] = [begun.headers.get("location") ?? undefined];
		assert.equal(new URL(location).origin, stage.provider.issuer);
		assert.doesNotMatch(location, /evil/);
		const browser = new FetchBrowser();
		const address = await almost(browser, "ada");
		const page = await comeBack(browser, new URL(`${address}&${query}`));
		assert.equal(page.headers.get("location"), "/container-terminal", query);
	}
	const browser = new FetchBrowser();
	const { searchParams } = await almost(browser, "ada");
	const state = searchParams.get("state") ?? "";
	const answer = `error=${evil}&error_description=${evil}&error_uri=${evil}&state=${state}&iss=${stage.provider.issuer}`;
	await assertRefused(browser, new URL(`${stage.base}/sign-in/oidc/callback?${answer}`), "an error that is a script");
	await eventually(() => assert.match(stage.gateway.log, /"the provider answered an error"/));
	assert.doesNotMatch(stage.gateway.log, /<script|evil\.example/);
	for (const path of ["//evil.example", "/sign-in/oidc//evil.example", "/sign-in/oidc/callback/..//evil.example"]) {
		const page = await fetch(`${stage.base}${path}`, { redirect: "manual" });
		await page.arrayBuffer();
		assert.doesNotMatch(page.headers.get("location") ?? "", /evil/, path);
	}
});

test("a token that somebody planted before does not become the victim's sign-in, and an earlier one ends", async () => {
	const [attacker, victim] = [new FetchBrowser(), new FetchBrowser()];
	await stage.signIn(attacker, "mallory");
	const planted = attacker.cookiesFor(stage.base);
	victim.keepCookie(stage.base, `${planted}; Path=/`);
	await stage.signIn(victim, "ada");
	assert.notEqual(victim.cookiesFor(stage.base), planted);
	assert.equal((await stage.account(victim)).user?.subject, "ada");
	assert.equal((await stage.account(attacker)).user, null, "what was planted is worth nothing any more");
});

test("neither codes nor states nor tokens nor cookies get into the log", async () => {
	const browser = new FetchBrowser();
	const address = await almost(browser, "ada");
	const flow = browser.cookiesFor(stage.base);
	await comeBack(browser, address);
	const { body } = await stage.ask<"sign-in.leave">(browser, "DELETE", "/sign-ins/current");
	const hint = new URL(body.continueAt ?? "").searchParams.get("id_token_hint") ?? "";
	assert.ok(hint.length > 100);
	await eventually(() => assert.match(stage.gateway.log, /"action":"signed-out"/));
	const secrets = [address.searchParams.get("code"), address.searchParams.get("state"), hint, flow.split("=")[1]];
	for (const secret of secrets) assert.ok(secret && !stage.gateway.log.includes(secret), secret ?? "none");
});
