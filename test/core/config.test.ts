import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, isLoopback, isReachedByHttps, publicPath, readConfig, SETTINGS } from "../../server/config.ts";

function problemsOf(environment: Record<string, string>): readonly string[] {
	try {
		readConfig(environment);
	} catch (error) {
		assert.ok(error instanceof ConfigError);
		return error.problems;
	}
	return [];
}

test("without any variable the documented defaults hold", () => {
	const config = readConfig({});
	assert.equal(config.USE_CONTAINERS, false);
	assert.equal(config.MAX_CONTAINERS, 10);
	assert.equal(config.USERS_PER_CONTAINER, 20);
	assert.equal(config.CONTAINER_IMAGE, "terminal-multi-user:latest");
	assert.equal(config.CONTAINER_MEMORY, 512 * 1024 * 1024);
	assert.equal(config.ASSIGNMENT_TTL, 7 * 24 * 3600 * 1000);
	assert.equal(config.COOKIE_SECRET, null);
});

test("an empty variable counts as unset", () => {
	assert.equal(readConfig({ MAX_CONTAINERS: " " }).MAX_CONTAINERS, 10);
});

test("each wrong value is one readable line, all reported at once", () => {
	const problems = problemsOf({
		USE_CONTAINERS: "maybe",
		MAX_CONTAINERS: "-1",
		CONTAINER_MEMORY: "half",
		ASSIGNMENT_TTL: "7",
		ALLOWED_ORIGINS: "https://a.example/path",
		CONTAINER_CPUS: "NaN",
	});
	assert.deepEqual(problems, [
		'USE_CONTAINERS: "maybe" must be true or false',
		'MAX_CONTAINERS: "-1" must be a whole number from 1 to 500',
		'CONTAINER_MEMORY: "half" must be a size such as 512m, from 67108864 to 1125899906842624 bytes',
		'CONTAINER_CPUS: "NaN" must be a number from 0.01 to 1024',
		'ASSIGNMENT_TTL: "7" must be a duration such as 30s, 10m, 12h or 7d, at least 1 s',
		'ALLOWED_ORIGINS: "https://a.example/path" must be origins such as https://shell.example.org, separated by commas; not https://a.example/path',
	]);
});

test("sessions end after an hour of silence or a day without a page, and their buffer holds a whole screen", () => {
	const { SESSION_IDLE_TIMEOUT, SESSION_DETACHED_TIMEOUT, REPLAY_BUFFER } = readConfig({});
	assert.deepEqual([SESSION_IDLE_TIMEOUT, SESSION_DETACHED_TIMEOUT], [3_600_000, 86_400_000]);
	assert.equal(REPLAY_BUFFER, 1024 * 1024);
	assert.deepEqual(
		problemsOf({ SESSION_IDLE_TIMEOUT: "999ms", SESSION_DETACHED_TIMEOUT: "0s", REPLAY_BUFFER: "255k" }).length,
		3,
	);
	assert.equal(readConfig({ SESSION_IDLE_TIMEOUT: "1s", REPLAY_BUFFER: "256k" }).REPLAY_BUFFER, 262_144);
});

test("a secret's value is not repeated in the problem", () => {
	const [problem] = problemsOf({ COOKIE_SECRET: "hunter2" });
	assert.equal(problem, "COOKIE_SECRET: the value must be at least 32 characters");
});

test("local mode refuses to listen where others can reach it", () => {
	for (const HOST of ["0.0.0.0", "::", "192.168.1.2", "example.org"]) {
		assert.match(problemsOf({ HOST }).join(), /^HOST: .*no isolation/);
		assert.deepEqual(problemsOf({ HOST, USE_CONTAINERS: "true" }), []);
	}
});

test("loopback addresses are recognised in every spelling", () => {
	for (const host of ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"]) assert.ok(isLoopback(host));
	for (const host of ["127.0.0.1.evil.example", "128.0.0.1", "0.0.0.0", "127"]) assert.ok(!isLoopback(host));
});

test("every setting says what it means, in which unit", () => {
	for (const [name, { meaning, unit }] of Object.entries(SETTINGS)) {
		assert.match(name, /^[A-Z_]+$/);
		assert.match(meaning, /\.$/);
		assert.notEqual(unit, "");
	}
});

test("the network is the Internet and nothing nearer, at a rate that nobody notices, in a network of the pool's own", () => {
	const { CONTAINER_NETWORK, EGRESS_POLICY, EGRESS_ALLOW, USER_CONNECTION_RATE, USER_BANDWIDTH } = readConfig({});
	assert.deepEqual([CONTAINER_NETWORK, EGRESS_POLICY, EGRESS_ALLOW], [null, "internet", []]);
	assert.deepEqual([USER_CONNECTION_RATE, USER_BANDWIDTH], [50, 10 * 1024 * 1024]);
});

test("a bound can be switched off, and an address is checked before it becomes a rule", () => {
	const config = readConfig({ USER_CONNECTION_RATE: "0", USER_BANDWIDTH: "none", EGRESS_ALLOW: "10.0.0.1, fd00::/8," });
	assert.deepEqual([config.USER_CONNECTION_RATE, config.USER_BANDWIDTH], [null, null]);
	assert.deepEqual(config.EGRESS_ALLOW, ["10.0.0.1", "fd00::/8"]);
	assert.deepEqual(
		problemsOf({ EGRESS_POLICY: "some", EGRESS_DENY: "10.0.0.1/33", USER_CONNECTION_RATE: "-1", USER_BANDWIDTH: "1k" }),
		[
			'EGRESS_POLICY: "some" must be internet, none or open',
			'EGRESS_DENY: "10.0.0.1/33" must be addresses such as 192.0.2.7 or 2001:db8::/48, separated by commas; not 10.0.0.1/33',
			'USER_CONNECTION_RATE: "-1" must be a whole number from 1 to 100000',
			'USER_BANDWIDTH: "1k" must be a size such as 512m, from 65536 to 2147483648 bytes',
		],
	);
});

test("the host's own network is nobody's", () => {
	assert.match(problemsOf({ CONTAINER_NETWORK: "host" }).join(), /^CONTAINER_NETWORK: "host" would give everybody/);
});

test("a secret may be in a file, which must be there and hold something, and not in two places", (t) => {
	const folder = mkdtempSync(join(tmpdir(), "berth-secrets-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "cookie-key");
	const secret = "0123456789abcdef0123456789abcdef";
	writeFileSync(file, `${secret}\n`);
	assert.equal(readConfig({ COOKIE_SECRET_FILE: file }).COOKIE_SECRET, secret);
	assert.equal(readConfig({ COOKIE_SECRET_FILE: " ", COOKIE_SECRET: secret }).COOKIE_SECRET, secret);
	assert.deepEqual(problemsOf({ COOKIE_SECRET_FILE: file, COOKIE_SECRET: secret }), [
		"COOKIE_SECRET_FILE: COOKIE_SECRET is set as well; leave one of them out",
	]);
	assert.match(problemsOf({ JWT_SECRET_FILE: join(folder, "none") }).join(), /^JWT_SECRET_FILE: ENOENT/);
	writeFileSync(file, "\n");
	assert.deepEqual(problemsOf({ COOKIE_SECRET_FILE: file }), [`COOKIE_SECRET_FILE: ${file} is empty`]);
	writeFileSync(file, "short");
	assert.deepEqual(problemsOf({ OIDC_CLIENT_SECRET_FILE: file, COOKIE_SECRET_FILE: file }), [
		"COOKIE_SECRET: the value must be at least 32 characters",
	]);
});

test("addresses with somebody's name or password in them are refused: they are written down at each start", () => {
	for (const address of ["https://ada@a.example", "https://:word@a.example", "https://ada:word@a.example/x"]) {
		for (const name of ["PUBLIC_URL", "OIDC_ISSUER", "VAULT_ADDR", "PROXY_SIGN_OUT_URL", "JWT_JWKS_URL"]) {
			assert.match(problemsOf({ [name]: address }).join(), new RegExp(`^${name}: .* must be a URL such as`), name);
		}
	}
});

test("public address and path must agree, and so must TLS", () => {
	const PUBLIC_URL = "https://apps.example/teach/berth/";
	assert.equal(publicPath(readConfig({ PUBLIC_URL })), "/teach/berth", "the proxy takes all of it away");
	assert.equal(publicPath(readConfig({ PUBLIC_URL, BASE_PATH: "/berth" })), "/teach/berth");
	assert.equal(publicPath(readConfig({ BASE_PATH: "/berth/" })), "/berth");
	assert.equal(publicPath(readConfig({ PUBLIC_URL: "https://shell.example" })), "");
	assert.deepEqual(problemsOf({ PUBLIC_URL, BASE_PATH: "/shell" }), [
		'PUBLIC_URL: "https://apps.example/teach/berth" must end with BASE_PATH, "/shell"',
	]);
	const tls = { TLS_CERT_FILE: "cert.pem", TLS_KEY_FILE: "key.pem" };
	assert.match(
		problemsOf({ ...tls, PUBLIC_URL: "http://shell.example" }).join(),
		/^PUBLIC_URL: .* must begin with https:/,
	);
	assert.match(problemsOf({ TLS_CERT_FILE: "cert.pem" }).join(), /^TLS_CERT_FILE: needs TLS_KEY_FILE/);
});

test("people come by HTTPS where TLS is ours or the public address says so, unless a setting says otherwise", () => {
	const tls = { TLS_CERT_FILE: "cert.pem", TLS_KEY_FILE: "key.pem" };
	assert.ok(!isReachedByHttps(readConfig({})));
	assert.ok(isReachedByHttps(readConfig(tls)));
	assert.ok(isReachedByHttps(readConfig({ PUBLIC_URL: "https://shell.example" })));
	assert.ok(!isReachedByHttps(readConfig({ PUBLIC_URL: "http://shell.example" })));
	assert.ok(isReachedByHttps(readConfig({ COOKIE_SECURE: "true" })));
	assert.ok(!isReachedByHttps(readConfig({ PUBLIC_URL: "https://shell.example", COOKIE_SECURE: "false" })));
});

test("secrets have one store and one source of keys", () => {
	const vault = { VAULT_ADDR: "https://vault.example.org:8200" };
	assert.match(problemsOf(vault).join(), /^VAULT_ADDR: needs either VAULT_TOKEN or VAULT_TOKEN_FILE$/);
	assert.match(problemsOf({ ...vault, VAULT_TOKEN: "x", VAULT_TOKEN_FILE: "/x" }).join(), /^VAULT_ADDR: needs either/);
	assert.deepEqual(problemsOf({ ...vault, VAULT_TOKEN: "x" }), []);
	const key = "A".repeat(43).concat("=");
	assert.match(problemsOf({ SECRETS_KEY: key, SECRETS_KEY_FILE: "/x" }).join(), /^SECRETS_KEY_FILE: is not read/);
	assert.match(problemsOf({ SECRETS_KEY: "short" }).join(), /^SECRETS_KEY: the value must be keys of 32 bytes/);
});

test("issuers and keys are asked by HTTPS, or on this machine, and an issuer is spelled as it spells itself", () => {
	const oidc = { SIGN_IN: "oidc", OIDC_CLIENT_ID: "berth", PUBLIC_URL: "https://shell.example.org" };
	for (const OIDC_ISSUER of ["https://a.example/x/", "https://a.example", "http://localhost:1", "http://[::1]:1/"]) {
		assert.equal(readConfig({ ...oidc, OIDC_ISSUER }).OIDC_ISSUER, OIDC_ISSUER);
	}
	assert.match(
		problemsOf({ ...oidc, OIDC_ISSUER: "http://a.example" }).join(),
		/^OIDC_ISSUER: .*must begin with https:/,
	);
	assert.match(problemsOf({ ...oidc, OIDC_ISSUER: "https://a.example/?x=1" }).join(), /exactly as the provider calls/);
	const jwt = { SIGN_IN: "jwt", JWT_ISSUER: "https://a.example", JWT_AUDIENCE: "b" };
	assert.match(
		problemsOf({ ...jwt, JWT_JWKS_URL: "http://a.example/jwks" }).join(),
		/^JWT_JWKS_URL: .*must begin with/,
	);
	assert.deepEqual(problemsOf({ ...jwt, JWT_JWKS_URL: "http://127.0.0.1:1/jwks" }), []);
	assert.deepEqual(problemsOf({ ...jwt, JWT_JWKS_URL: "https://a.example/jwks", JWT_SECRET: "x".repeat(32) }), [
		'SIGN_IN: "jwt" needs either JWT_JWKS_URL or JWT_SECRET',
	]);
});

test("an issuer cannot be one of the gateway's own ways in", () => {
	const jwt = { SIGN_IN: "jwt", JWT_AUDIENCE: "b", JWT_SECRET: "x".repeat(32) };
	for (const JWT_ISSUER of ["anonymous", "password", "proxy"]) {
		assert.match(problemsOf({ ...jwt, JWT_ISSUER }).join(), /^JWT_ISSUER: /);
	}
	assert.deepEqual(problemsOf({ ...jwt, JWT_ISSUER: "https://platform.example" }), []);
});
