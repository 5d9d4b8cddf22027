/** Every cookie in every way of reaching the gateway, with all that stands behind its name. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { parseSetCookie } from "cookie";
import { KnownDevices } from "../../server/authenticators/known-devices.ts";
import { OidcFlowCookie } from "../../server/http/oidc-flow-cookie.ts";
import { SignInCookies } from "../../server/http/sign-in-cookies.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";

let certificate: TestCertificate;

before(() => {
	certificate = TestCertificate.trusted();
});
after(() => {
	certificate?.[Symbol.dispose]();
});

/** Name and attributes, in alphabetical order, without value and age. */
function shapeOf(setCookie: string): string {
	const [pair = "", ...attributes] = setCookie.split(/; */);
	const rest = attributes.filter((each) => !each.startsWith("Max-Age")).toSorted();
	return [pair.split("=")[0], ...rest].join("; ");
}

async function cookiesOfPage(base: string, cookie = ""): Promise<string[]> {
	const response = await fetch(`${base}/container-terminal`, { headers: { cookie } });
	await response.arrayBuffer();
	return response.headers.getSetCookie();
}

const PLAIN = "HttpOnly; Path=/; SameSite=Lax";
const SECURE = "HttpOnly; Path=/; SameSite=Lax; Secure";
/** Browsers take it only so into a page inside another site's. */
const EMBEDDED = "HttpOnly; Partitioned; Path=/; SameSite=None; Secure";

test("a guest's cookie is bound to this host and to HTTPS wherever there is HTTPS", async () => {
	for (const [settings, expected] of [
		[{}, `berth_guest; ${PLAIN}`],
		[certificate.environment, `__Host-berth_guest; ${SECURE}`],
		[{ PUBLIC_URL: "https://shell.example.org" }, `__Host-berth_guest; ${SECURE}`],
		[{ PUBLIC_URL: "https://apps.example.org/berth", BASE_PATH: "/berth" }, `__Host-berth_guest; ${SECURE}`],
		[{ PUBLIC_URL: "http://shell.example.org" }, `berth_guest; ${PLAIN}`],
		[{ COOKIE_SECURE: "true" }, `__Host-berth_guest; ${SECURE}`],
		[{ COOKIE_SECURE: "false", PUBLIC_URL: "https://shell.example.org" }, `berth_guest; ${PLAIN}`],
	] as [Record<string, string>, string][]) {
		await using gateway = await GatewayProcess.start(settings);
		const scheme = "TLS_CERT_FILE" in settings ? "https" : "http";
		const set = await cookiesOfPage(`${scheme}://localhost:${gateway.port}${settings.BASE_PATH ?? ""}`);
		assert.deepEqual(set.map(shapeOf), [expected], JSON.stringify(settings));
		assert.match(set[0] ?? "", /Max-Age=34560000/);
	}
});

test("a sign-in's cookies: of one's own page or of one inside another site's, with or without HTTPS", () => {
	const token = "t".repeat(43);
	const shapes = (isSecure: boolean, isEmbedded: boolean) =>
		new SignInCookies(isSecure).set(token, 60_000, isEmbedded).map(shapeOf);
	assert.deepEqual(shapes(true, false), [`__Host-berth_sign_in; ${SECURE}`, `__Host-berth_embedded; ${EMBEDDED}`]);
	assert.deepEqual(shapes(true, true), [`__Host-berth_embedded; ${EMBEDDED}`, `__Host-berth_sign_in; ${SECURE}`]);
	assert.deepEqual(shapes(false, false), [`berth_sign_in; ${PLAIN}`, `berth_embedded; ${EMBEDDED}`]);
	assert.deepEqual(shapes(false, true), [`berth_embedded; ${EMBEDDED}`, `berth_sign_in; ${PLAIN}`]);
});

test("a new sign-in takes the place of either cookie, and signing out ends both", () => {
	const cookies = new SignInCookies(true);
	const token = "t".repeat(43);
	for (const isEmbedded of [false, true]) {
		const [set = "", cleared = ""] = cookies.set(token, 60_000, isEmbedded);
		assert.deepEqual([parseSetCookie(set).value, parseSetCookie(set).maxAge], [token, 60]);
		assert.deepEqual([parseSetCookie(cleared).value, parseSetCookie(cleared).maxAge], ["", 0]);
	}
	assert.deepEqual(
		cookies.clearing.map((each) => parseSetCookie(each).maxAge),
		[0, 0],
	);
});

test("what browsers keep for a sign-in to go on with is bound in the same way", () => {
	const secret = "s".repeat(64);
	const request = { headers: {}, peer: "127.0.0.1", address: "127.0.0.1" };
	for (const [isSecure, prefix, attributes] of [
		[false, "", PLAIN],
		[true, "__Host-", SECURE],
	] as const) {
		const device = new KnownDevices({ isSecure, secret }).remember(request, "ada");
		assert.equal(shapeOf(device), `${prefix}berth_device; ${attributes}`);
		const flows = new OidcFlowCookie({ isSecure, secret });
		for (const line of [flows.set({ state: "s", nonce: "n", codeVerifier: "v" }), flows.clearing]) {
			assert.equal(shapeOf(line), `${prefix}berth_oidc; ${attributes}`);
		}
	}
});

test("where there is HTTPS, no name that another host or a page without TLS can set is a sign-in's", () => {
	const cookies = new SignInCookies(true);
	const token = "t".repeat(43);
	const tokenIn = (cookie: string): string | null => cookies.tokenOf({ headers: { cookie } });
	assert.equal(tokenIn(`__Host-berth_sign_in=${token}`), token);
	for (const name of ["berth_sign_in", "berth_embedded", "__host-berth_sign_in", "\u00a0__Host-berth_sign_in"]) {
		assert.equal(tokenIn(`${name}=${token}`), null, name);
	}
	assert.equal(tokenIn(`$Version=1; x="__Host-berth_sign_in=${token}"`), null);
});

test("a guest from before there was TLS stays who they are, and is known by the new name from then on", async () => {
	await using gateway = await GatewayProcess.start({});
	using before = await PageClient.connect(gateway.base);
	const name = before.welcome?.user.username;
	await gateway.stop();
	await gateway.start(certificate.environment);
	using waiting = await PageClient.connect(gateway.base, before.cookie);
	assert.equal(waiting.welcome?.user.username, name, "a page that is still open comes back");
	const [renamed = "", removed = ""] = await cookiesOfPage(gateway.base, before.cookie);
	assert.equal(shapeOf(renamed), `__Host-berth_guest; ${SECURE}`);
	assert.deepEqual([parseSetCookie(removed).name, parseSetCookie(removed).maxAge], ["berth_guest", 0]);
	const [cookie = ""] = renamed.split(";", 1);
	using after = await PageClient.connect(gateway.base, cookie);
	assert.equal(after.welcome?.user.username, name);
	const [stays = ""] = await cookiesOfPage(gateway.base, `${before.cookie}x; ${cookie}`);
	assert.ok(stays.startsWith(`${cookie};`), "the new name is asked first");
});
