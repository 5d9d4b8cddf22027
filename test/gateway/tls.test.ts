/** The gateway speaking TLS by itself, and its certificate being replaced while it runs. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";

const MAIN = join(import.meta.dirname, "../../server/main.ts");

let certificate: TestCertificate;
let gateway: GatewayProcess;

before(async () => {
	certificate = TestCertificate.trusted();
	gateway = await GatewayProcess.start(certificate.environment);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
	certificate?.[Symbol.dispose]();
});

/** Serial number of the certificate that a new connection gets. */
async function servedSerial(): Promise<string> {
	const socket = connect({ port: gateway.port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
	await once(socket, "secureConnect");
	const { serialNumber } = socket.getPeerCertificate();
	socket.destroy();
	return serialNumber;
}

function serialIn(file: string): string {
	return new X509Certificate(readFileSync(file)).serialNumber;
}

/** Sends SIGHUP and waits for what the log says of it. */
async function reload(said: RegExp): Promise<void> {
	const { length } = gateway.log;
	gateway.signal("SIGHUP");
	while (!said.test(gateway.log.slice(length))) await sleep(20);
}

test("the page and its terminal come by https, at an address that says so, and browsers are told to keep to it", async () => {
	assert.match(gateway.base, /^https:\/\/localhost:\d+$/);
	const response = await fetch(`${gateway.base}/container-terminal`);
	await response.arrayBuffer();
	assert.equal(response.headers.get("strict-transport-security"), "max-age=31536000");
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "echo $((40 + 2))"), "42");
});

test("without TLS of our own nothing is said of it: that is for whoever ends it", async () => {
	await using plain = await GatewayProcess.start({ COOKIE_SECURE: "true" });
	const response = await fetch(`${plain.base}/container-terminal`);
	await response.arrayBuffer();
	assert.equal(response.headers.get("strict-transport-security"), null);
});

test("at SIGHUP new connections get the new certificate, and those that are there go on", async () => {
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const screen = await page.open();
	let losses = 0;
	page.socket.on("disconnect", () => {
		losses += 1;
	});
	const before = await servedSerial();
	certificate.renew();
	assert.equal(await servedSerial(), before, "nothing is read before it is said");
	await reload(/certificate and key were read again/);
	assert.equal(await servedSerial(), serialIn(certificate.certFile));
	assert.notEqual(await servedSerial(), before);
	assert.equal(await page.run(screen, "echo still"), "still");
	assert.equal(losses, 0);
});

test("a certificate that is wrong is not taken, the log says why, and tiers are read all the same", async () => {
	const before = await servedSerial();
	const good = readFileSync(certificate.certFile);
	for (const [bad, why] of [
		["", /is no certificate in PEM/],
		[certificateOfAnotherKey(), /is not the key of the first certificate/],
	] as const) {
		writeFileSync(certificate.certFile, bad);
		await reload(/certificate and key stay as they were/);
		assert.match(gateway.log, why);
		assert.match(gateway.log, /tiers were read again/);
		assert.equal(await servedSerial(), before);
	}
	writeFileSync(certificate.certFile, good);
	await reload(/certificate and key were read again/);
});

function certificateOfAnotherKey(): string {
	using other = new TestCertificate();
	return readFileSync(other.certFile, "utf8");
}

/** What the start says, and how it ends. */
function startWith(environment: Record<string, string>): { status: number | null; said: string } {
	const env = { PATH: process.env.PATH, DATA_DIR: gateway.dataDir, PORT: "0", ...environment };
	const { status, stderr } = spawnSync(process.execPath, [MAIN], { env, encoding: "utf8", timeout: 20_000 });
	return { status, said: stderr };
}

test("a start with a certificate that would not do ends with what to do about it", () => {
	using own = new TestCertificate();
	const { TLS_CERT_FILE, TLS_KEY_FILE } = own.environment;
	const refused = (environment: Record<string, string>, said: RegExp): void => {
		const end = startWith(environment);
		assert.equal(end.status, 2, end.said);
		assert.match(end.said, said);
	};
	refused({ TLS_CERT_FILE, TLS_KEY_FILE: `${TLS_KEY_FILE}.none` }, /^TLS_KEY_FILE: ENOENT.*can read/);
	refused({ TLS_CERT_FILE: TLS_KEY_FILE, TLS_KEY_FILE }, /^TLS_CERT_FILE: .*is no certificate in PEM/);
	refused({ TLS_CERT_FILE, TLS_KEY_FILE: TLS_CERT_FILE }, /^TLS_KEY_FILE: .*is no private key in PEM/);
	refused({ TLS_CERT_FILE, TLS_KEY_FILE: certificate.keyFile }, /^TLS_KEY_FILE: .*is not the key of the first/);
	const locked = join(own.folder, "locked.pem");
	execFileSync("openssl", ["pkey", "-in", TLS_KEY_FILE, "-aes256", "-passout", "pass:x", "-out", locked]);
	refused({ TLS_CERT_FILE, TLS_KEY_FILE: locked }, /^TLS_KEY_FILE: .*take the passphrase away with openssl/);
	own.expire();
	refused({ TLS_CERT_FILE, TLS_KEY_FILE }, /^TLS_CERT_FILE: .* expired on .*; renew it/);
});
