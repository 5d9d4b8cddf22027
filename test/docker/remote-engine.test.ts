/** An engine that is reached by TCP, with TLS and without: the same driver, with every link through docker exec. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import { type DockerEndpoint, parseDockerEndpoint } from "../../server/drivers/docker/docker-endpoint.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Ordinal } from "../../server/protocol/ids.ts";
import { agentHello } from "../conformance/container-driver.ts";
import { dockerUnderTest } from "../support/docker-driver-under-test.ts";
import { DriverEvents } from "../support/driver-events.ts";

const first = Ordinal.parse(1);
const folder = mkdtempSync(join(tmpdir(), "berth-tls-"));
const inFolder = (name: string): string => join(folder, name);

/** Two authorities, and a certificate of the first that serves both ends, valid for `localhost`. */
before(async () => {
	const openssl = (command: string) => promisify(execFile)("openssl", command.split(" "), { cwd: folder });
	const request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
	for (const authority of ["ca", "stranger"]) {
		await openssl(`${request} -keyout ${authority}-key.pem -out ${authority}.pem -subj /CN=${authority}`);
	}
	const name = "-subj /CN=localhost -addext subjectAltName=DNS:localhost";
	await openssl(`${request} -CA ca.pem -CAkey ca-key.pem -keyout key.pem -out cert.pem ${name}`);
});
after(() => rmSync(folder, { recursive: true }));

function forwardToEngine(near: Socket): void {
	const far = connect({ path: "/var/run/docker.sock", allowHalfOpen: true });
	near.pipe(far).pipe(near);
	near.on("error", () => far.destroy()).on("close", () => far.destroy());
	far.on("error", () => near.destroy());
}

/** Listens until the test ends; returns the port. */
async function listen(t: TestContext, server: Server): Promise<number> {
	const sockets = new Set<Socket>();
	server.on("connection", (socket: Socket) => sockets.add(socket));
	server.listen(0, "localhost");
	await once(server, "listening");
	t.after(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

/** An engine that asks for a certificate of our authority. */
function tlsEngine(t: TestContext): Promise<number> {
	const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => readFileSync(inFolder(name)));
	const options = { ca, cert, key, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
	return listen(t, createTlsServer(options, forwardToEngine));
}

async function useEngine(t: TestContext, engine: DockerEndpoint): Promise<void> {
	const { driver, ...underTest } = dockerUnderTest({ engine });
	t.after(() => underTest[Symbol.asyncDispose]());
	await using events = new DriverEvents(driver);
	await events.until("engine-up");
	const container = await driver.ensure(first);
	await agentHello(driver, container);
	await underTest.kill(container);
	await events.until("container-stopped");
	await driver.remove(container.instanceId);
}

test("an engine reached by plain TCP is used as any other", async (t) => {
	const port = await listen(t, createServer({ allowHalfOpen: true }, forwardToEngine));
	await useEngine(t, parseDockerEndpoint({ DOCKER_HOST: `tcp://localhost:${port}` }));
});

test("an engine reached by TLS is used as any other, and both ends are verified", async (t) => {
	const DOCKER_HOST = `tcp://localhost:${await tlsEngine(t)}`;
	await useEngine(t, parseDockerEndpoint({ DOCKER_HOST, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder }));
});

for (const [what, files] of [
	["an engine that another authority vouches for", { "stranger.pem": "ca.pem" }],
	["an engine that asks for a certificate which we do not have", { "ca.pem": "ca.pem" }],
] as const) {
	test(`${what} is not reachable`, async (t) => {
		const certificates = inFolder(what.replaceAll(" ", "-"));
		mkdirSync(certificates);
		for (const [from, to] of Object.entries(files)) cpSync(inFolder(from), join(certificates, to));
		const DOCKER_HOST = `tcp://localhost:${await tlsEngine(t)}`;
		const engine = parseDockerEndpoint({ DOCKER_HOST, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: certificates });
		const { driver, ...underTest } = dockerUnderTest({ engine });
		t.after(() => underTest[Symbol.asyncDispose]());
		await assert.rejects(driver.inspect(), (error) => {
			assert.ok(error instanceof BerthError);
			assert.equal(error.code, "ENGINE_UNREACHABLE");
			assert.match(error.detail ?? "", /^https:\/\/localhost:\d+: .*certificate/);
			return true;
		});
	});
}
