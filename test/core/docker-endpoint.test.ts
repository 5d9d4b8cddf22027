import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DockerEndpointError, parseDockerEndpoint } from "../../server/drivers/docker/docker-endpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "berth-endpoint-"));
after(() => rmSync(folder, { recursive: true }));

/** A folder with these files, each holding its own name. */
function certificates(name: string, files: string[]): string {
	const path = join(folder, name);
	mkdirSync(path, { recursive: true });
	for (const file of files) writeFileSync(join(path, file), file);
	return path;
}

const complete = certificates("complete", ["ca.pem", "cert.pem", "key.pem"]);
const client = { cert: Buffer.from("cert.pem"), key: Buffer.from("key.pem") };
const ca = Buffer.from("ca.pem");
const nobodysHome = join(folder, "nobody");

for (const [host, expected] of [
	[undefined, { socketPath: "/var/run/docker.sock" }],
	[null, { socketPath: "/var/run/docker.sock" }],
	["  ", { socketPath: "/var/run/docker.sock" }],
	["unix://", { socketPath: "/var/run/docker.sock" }],
	["unix:///run/user/1000/docker.sock", { socketPath: "/run/user/1000/docker.sock" }],
	["tcp://", { protocol: "http", host: "localhost", port: 2375 }],
	["tcp://engine", { protocol: "http", host: "engine", port: 2375 }],
	["tcp://engine:80/", { protocol: "http", host: "engine", port: 80 }],
	["engine:4243", { protocol: "http", host: "engine", port: 4243 }],
	["tcp://[fd00::1]:2375", { protocol: "http", host: "fd00::1", port: 2375 }],
	["http://engine:80", { protocol: "http", host: "engine", port: 80 }],
	["https://engine", { protocol: "https", host: "engine", port: 2376 }],
] as const) {
	test(`DOCKER_HOST ${JSON.stringify(host)} is read as Docker reads it`, () => {
		assert.deepEqual(parseDockerEndpoint({ DOCKER_HOST: host }, nobodysHome), expected);
	});
}

test("DOCKER_TLS_VERIFY makes a TCP endpoint speak TLS with the certificates in DOCKER_CERT_PATH", () => {
	assert.deepEqual(
		parseDockerEndpoint({ DOCKER_HOST: "tcp://engine:2376", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: complete }),
		{ protocol: "https", host: "engine", port: 2376, ca, client },
	);
});

test("without DOCKER_CERT_PATH the certificates are those in ~/.docker", () => {
	certificates("home/.docker", ["ca.pem", "cert.pem", "key.pem"]);
	const endpoint = parseDockerEndpoint({ DOCKER_HOST: "tcp://engine", DOCKER_TLS_VERIFY: "1" }, join(folder, "home"));
	assert.deepEqual(endpoint, { protocol: "https", host: "engine", port: 2375, ca, client });
});

test("DOCKER_TLS_VERIFY alone means TLS on this host's standard port", () => {
	assert.deepEqual(parseDockerEndpoint({ DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: complete }), {
		protocol: "https",
		host: "localhost",
		port: 2376,
		ca,
		client,
	});
});

test("an engine that asks for no certificate gets none", () => {
	const onlyCa = certificates("only-ca", ["ca.pem"]);
	assert.deepEqual(
		parseDockerEndpoint({ DOCKER_HOST: "tcp://engine:1", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: onlyCa }),
		{ protocol: "https", host: "engine", port: 1, ca },
	);
});

test("a unix socket is not changed by TLS variables", () => {
	assert.deepEqual(parseDockerEndpoint({ DOCKER_HOST: "unix:///d.sock", DOCKER_TLS_VERIFY: "1" }, nobodysHome), {
		socketPath: "/d.sock",
	});
});

const withTls = { DOCKER_HOST: "tcp://engine:2376", DOCKER_TLS_VERIFY: "1" };

for (const [what, environment, message] of [
	["an ssh endpoint", { DOCKER_HOST: "ssh://root@engine" }, /^DOCKER_HOST: "ssh:.* forward the socket with "ssh -N -L/],
	["a listening descriptor", { DOCKER_HOST: "fd://" }, /^DOCKER_HOST: "fd:.* for the engine to listen on/],
	["a Windows pipe", { DOCKER_HOST: "npipe:////./pipe/docker_engine" }, /Windows pipe/],
	["an unknown scheme", { DOCKER_HOST: "gopher://engine" }, /no endpoint that Docker knows; use unix:/],
	["a relative socket path", { DOCKER_HOST: "unix://docker.sock" }, /"unix:\/\/docker.sock" is not an absolute path/],
	["a path on a TCP endpoint", { DOCKER_HOST: "tcp://engine/docker" }, /not of the form tcp:\/\/host:port/],
	["a port that is no number", { DOCKER_HOST: "tcp://engine:docker" }, /not of the form tcp:\/\/host:port/],
	["TLS without an authority", { ...withTls, DOCKER_CERT_PATH: nobodysHome }, /^DOCKER_TLS_VERIFY: there is no ca.pem/],
	[
		"half a client certificate",
		{ ...withTls, DOCKER_CERT_PATH: certificates("half", ["ca.pem", "cert.pem"]) },
		/^DOCKER_CERT_PATH: .* only one of cert.pem and key.pem/,
	],
	["a certificate path that is a file", { ...withTls, DOCKER_CERT_PATH: join(complete, "ca.pem") }, /cannot be read$/],
] as const) {
	test(`${what} is refused with one line that says what to do`, () => {
		assert.throws(
			() => parseDockerEndpoint(environment, nobodysHome),
			(error: unknown) => {
				assert.ok(error instanceof DockerEndpointError);
				assert.match(error.message, message);
				assert.ok(!error.message.includes("\n"));
				return true;
			},
		);
	});
}
