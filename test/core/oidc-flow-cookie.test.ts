import assert from "node:assert/strict";
import { test } from "node:test";
import { OidcFlowCookie } from "../../server/http/oidc-flow-cookie.ts";

const FLOW = { state: "a state", nonce: "a nonce", codeVerifier: "a verifier" };
const SECRET = "of this gateway";

function requestWith(setCookie: string) {
	return { headers: { cookie: setCookie.split(";", 1)[0] ?? "" }, peer: "", address: "" };
}

test("what is kept comes back whole, to a gateway with the same key, and can be read by nobody between", () => {
	const line = new OidcFlowCookie({ secret: SECRET, isSecure: true }).set(FLOW);
	assert.match(line, /^__Host-berth_oidc=[\w-]+; Max-Age=900; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
	const sealed = Buffer.from(/=([\w-]+)/.exec(line)?.[1] ?? "", "base64url").toString("latin1");
	assert.doesNotMatch(sealed, /state|nonce|verifier/);
	assert.deepEqual(new OidcFlowCookie({ secret: SECRET, isSecure: true }).flowOf(requestWith(line)), FLOW);
	assert.equal(new OidcFlowCookie({ secret: "another", isSecure: true }).flowOf(requestWith(line)), null);
});

test("where there is HTTPS, a cookie that a neighbour's host could set counts for nothing", () => {
	const plain = new OidcFlowCookie({ secret: SECRET, isSecure: false });
	const secure = new OidcFlowCookie({ secret: SECRET, isSecure: true });
	assert.deepEqual(plain.flowOf(requestWith(plain.set(FLOW))), FLOW);
	assert.equal(secure.flowOf(requestWith(plain.set(FLOW))), null);
});

test("whoever comes back too late has to begin anew", (t) => {
	t.mock.timers.enable({ apis: ["Date"] });
	const cookie = new OidcFlowCookie({ secret: SECRET, isSecure: false });
	const request = requestWith(cookie.set(FLOW));
	t.mock.timers.tick(15 * 60_000 - 1);
	assert.deepEqual(cookie.flowOf(request), FLOW);
	t.mock.timers.tick(1);
	assert.equal(cookie.flowOf(request), null);
});
