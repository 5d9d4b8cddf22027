/** Forged, altered and replayed tokens of a platform, sent to a real gateway. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import { exportSPKI, importJWK, SignJWT } from "jose";
import { ApiClient } from "../support/api-client.ts";
import { eventually } from "../support/eventually.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { TestPlatform, vouchingFor } from "../support/test-platform.ts";

const SECRET = "a secret that platform and gateway share";

let platform: TestPlatform;
/** One that has the platform's public keys, and one that shares a secret with it. */
let gateway: GatewayProcess;
let sharing: GatewayProcess;

before(async () => {
	platform = await TestPlatform.start();
	gateway = await GatewayProcess.start(platform.environment);
	const { JWT_JWKS_URL: _, ...environment } = platform.environment;
	sharing = await GatewayProcess.start({ ...environment, JWT_SECRET: SECRET });
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	await sharing?.[Symbol.asyncDispose]();
	await platform?.[Symbol.asyncDispose]();
});

async function outcome(token: string, { base } = gateway): Promise<string> {
	const client = new ApiClient(base);
	const reply = await client.call("sign-in.jwt", { token });
	assert.equal(client.cookie !== "", reply.ok, "a cookie exactly for who is let in");
	return reply.ok ? "done" : reply.error.code;
}

function encoded(part: unknown): string {
	return Buffer.from(JSON.stringify(part)).toString("base64url");
}

/** With any bytes for a key. */
function signedWith(
	key: string | Buffer,
	claims: object,
	header: { alg?: string; [name: string]: unknown } = {},
): string {
	const { alg = "HS256" } = header;
	const head = `${encoded({ ...header, alg })}.${encoded(claims)}`;
	return `${head}.${createHmac(alg.replace("HS", "sha"), key).update(head).digest("base64url")}`;
}

test("a token works once, also after the gateway was started again, also when it comes twice at once", async () => {
	const token = await platform.signed(vouchingFor("ada"));
	assert.equal(await outcome(token), "done");
	assert.equal(await outcome(token), "SIGN_IN_REFUSED");
	await gateway.stop("SIGKILL");
	await gateway.start();
	assert.equal(await outcome(token), "SIGN_IN_REFUSED");
	const other = await platform.signed(vouchingFor("ada"));
	const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcome(other)));
	assert.deepEqual(outcomes.filter((each) => each === "done").length, 1);
	const claims = vouchingFor("ada");
	assert.equal(await outcome(await platform.signed(claims, { alg: "RS256" })), "done");
	assert.equal(await outcome(await platform.signed({ ...claims, sub: "bob" }, { alg: "ES256" })), "SIGN_IN_REFUSED");
});

test("a token is not checked as it would like to be", async () => {
	const claims = vouchingFor("ada", { role: "operator" });
	const [rsa = {}] = platform.publicKeys;
	const key = await importJWK(rsa, "RS256");
	assert.ok(key instanceof CryptoKey);
	const pem = await exportSPKI(key);
	const genuine = await platform.signed(vouchingFor("bob"));
	const [head, , signature] = genuine.split(".");
	const forged: [string, string][] = [
		["alg none", `${encoded({ alg: "none" })}.${encoded(claims)}.`],
		["alg None, with a signature", `${encoded({ alg: "None" })}.${encoded(claims)}.${signature}`],
		["no alg", `${encoded({})}.${encoded(claims)}.${signature}`],
		["HS256 with the public key as PEM", signedWith(pem, claims, { kid: "RS256" })],
		["HS256 with the public key as PEM, trimmed", signedWith(pem.trim(), claims, { kid: "RS256" })],
		["HS256 with the public key as JWK", signedWith(JSON.stringify(rsa), claims, { kid: "RS256" })],
		["HS256 with nothing", signedWith("", claims)],
		["HS512 with the secret", signedWith(SECRET, claims, { alg: "HS512" })],
		["other claims under a genuine signature", `${head}.${encoded(claims)}.${signature}`],
		["no signature", `${head}.${encoded(claims)}.`],
		[
			"another algorithm's name over a genuine signature",
			`${encoded({ alg: "PS256", kid: "RS256" })}.${genuine.split(".")[1]}.${signature}`,
		],
		["a critical extension", signedWith(SECRET, claims, { crit: ["b64"], b64: false })],
		["an extension that nobody knows", signedWith(SECRET, claims, { crit: ["<script>"], "<script>": 1 })],
		["encrypted", `${encoded({ alg: "dir", enc: "A256GCM" })}....`],
		["no token", "null"],
		["none at all", ""],
		["dots", "..".repeat(3_000)],
	];
	for (const [why, token] of forged) {
		assert.equal(await outcome(token), "SIGN_IN_REFUSED", why);
		assert.equal(await outcome(token, sharing), "SIGN_IN_REFUSED", `${why}, where a secret is shared`);
	}
	assert.equal(await outcome(genuine, sharing), "SIGN_IN_REFUSED", "public keys are nothing where a secret is shared");
	assert.equal(await outcome(signedWith(SECRET, claims)), "SIGN_IN_REFUSED");
	assert.equal(await outcome(signedWith(SECRET, claims), sharing), "done");
	assert.equal(await outcome(genuine), "done");
});

test("a token brings no key along, and names none but the platform's", async () => {
	const claims = vouchingFor("ada");
	const [rsa = {}] = platform.publicKeys;
	const evil = await TestPlatform.start();
	try {
		const [evilKey = {}] = evil.publicKeys;
		const url = evil.environment.JWT_JWKS_URL;
		const headers = [
			{ jwk: evilKey },
			{ jku: url },
			{ jku: url, kid: "RS256", x5u: url },
			{ x5c: [Buffer.from("no certificate").toString("base64")] },
		];
		for (const header of headers) {
			const token = await evil.signed(claims, { kid: "RS256", ...header } as { kid: string });
			assert.equal(await outcome(token), "SIGN_IN_REFUSED", JSON.stringify(header));
		}
		for (const kid of ["", "../../../../dev/null", "' OR 1=1 --", "__proto__", "ES256", "x".repeat(3_000), url ?? ""]) {
			assert.equal(await outcome(await platform.signed(claims, { kid })), "SIGN_IN_REFUSED", kid);
			assert.equal(await outcome(signedWith("", claims, { kid })), "SIGN_IN_REFUSED", kid);
		}
		assert.equal(await outcome(signedWith("", claims, { kid: { toString: 1 }, jwk: rsa })), "SIGN_IN_REFUSED");
	} finally {
		await evil[Symbol.asyncDispose]();
	}
	assert.equal(await outcome(await platform.signed(claims)), "done", "none of these has used it up");
});

test("a token is for here, from the platform, of now, and whole", async () => {
	const good = vouchingFor("ada");
	const { iat } = good;
	const changes: [string, Record<string, unknown>][] = [
		["another audience", { aud: "https://other.example" }],
		["another audience besides", { aud: [good.aud, "https://other.example"] }],
		["a part of the audience", { aud: "https://shell.example." }],
		["no audience", { aud: undefined }],
		["another issuer", { iss: "https://platform.example.evil" }],
		["an issuer that is a list", { iss: [good.iss] }],
		["no issuer", { iss: undefined }],
		["over", { iat: iat - 200, exp: iat - 100 }],
		["made long ago, though it lasts", { iat: iat - 400, exp: iat + 1_000_000 }],
		["no end", { exp: undefined }],
		["an end that is a text", { exp: "never" }],
		["no beginning", { iat: undefined }],
		["from the future", { iat: iat + 3_600, exp: iat + 3_700 }],
		["from a far future", { iat: 1e15, exp: 2e15 }],
		["not yet", { nbf: iat + 3_600 }],
		["no id", { jti: undefined }],
		["an empty id", { jti: "" }],
		["an id that is a number", { jti: 7 }],
		["a very long id", { jti: "x".repeat(300) }],
		["no subject", { sub: undefined }],
		["an empty subject", { sub: "" }],
		["a subject that is a list", { sub: ["ada"] }],
		["a very long subject", { sub: "x".repeat(300) }],
		["half a character for a subject", { sub: "\ud800" }],
		["a role that is a list", { role: ["operator"] }],
		["a logout's event", { events: {} }],
		["an ID token's nonce", { nonce: "n" }],
	];
	for (const [why, change] of changes) {
		assert.equal(await outcome(await platform.signed({ ...good, ...change })), "SIGN_IN_REFUSED", why);
	}
	assert.equal(await outcome(await platform.signed(good, { typ: "at+jwt" })), "SIGN_IN_REFUSED");
	const text = await new SignJWT({}).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(SECRET));
	assert.equal(await outcome(text, sharing), "SIGN_IN_REFUSED");
	assert.equal(await outcome(await platform.signed(good)), "done", "none of these has used it up");
});

test("a token signs in by a page of the gateway only, and takes the place of the sign-in that was there", async () => {
	for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }]) {
		const client = new ApiClient(gateway.base, headers);
		const token = await platform.signed(vouchingFor("mallory"));
		assert.equal(await client.refusal("sign-in.jwt", { token }), "ORIGIN_REFUSED", JSON.stringify(headers));
		assert.equal(client.cookie, "");
	}
	const client = new ApiClient(gateway.base);
	await client.ask("sign-in.jwt", { token: await platform.signed(vouchingFor("mallory")) });
	const planted = client.cookie;
	await client.ask("sign-in.jwt", { token: await platform.signed(vouchingFor("ada")) });
	assert.notEqual(client.cookie, planted);
	const attacker = new ApiClient(gateway.base, { cookie: planted });
	assert.equal((await attacker.ask("account.read", {})).user, null, "what was planted is worth nothing any more");
});

test("a flood of wrong tokens is no flood of audit lines, and keeps nobody else out", async () => {
	const settings = { ...platform.environment, TRUST_PROXY: "loopback" };
	await using own = await GatewayProcess.start(settings);
	const flood = new ApiClient(own.base, { "x-forwarded-for": "203.0.113.7" });
	const refused: string[] = [];
	for (let count = 0; count < 160; count += 1) refused.push(await flood.refusal("sign-in.jwt", { token: "x" }));
	assert.deepEqual([refused[0], refused.at(-1)], ["SIGN_IN_REFUSED", "TOO_MANY_ATTEMPTS"]);
	await eventually(() => {
		const lines = own.log.split("\n").filter((line) => line.includes('"actor":"nobody"'));
		assert.equal(lines.length, 151);
		assert.match(lines.at(-1) ?? "", /"action":"limit.hit"/);
	});
	const neighbour = new ApiClient(own.base, { "x-forwarded-for": "203.0.113.8" });
	await neighbour.ask("sign-in.jwt", { token: await platform.signed(vouchingFor("ada")) });
});

test("tokens are in no log line, and each refusal says why, without what a stranger wrote", async () => {
	const token = await platform.signed({ ...vouchingFor("ada"), aud: "<script>" });
	await outcome(token);
	await eventually(() => {
		const lines = gateway.log.split("\n").filter((line) => line.includes('"signed-in"'));
		const { actor, details, result } = JSON.parse(lines.at(-1) ?? "{}");
		assert.deepEqual([actor, result], ["nobody", "SIGN_IN_REFUSED"]);
		const reason = "the token is not valid: ERR_JWT_CLAIM_VALIDATION_FAILED aud";
		assert.deepEqual(details, { method: "jwt", reason });
	});
	for (const part of token.split(".").slice(1)) assert.ok(!gateway.log.includes(part));
	assert.doesNotMatch(gateway.log, /<script>|__proto__|OR 1=1/);
});
