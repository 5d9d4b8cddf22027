/** The operator's certificate: two files in PEM, read when the gateway starts and whenever it is sent SIGHUP. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { type Config, ConfigError } from "./config.ts";

/** What a server needs to speak TLS, and until when it will do. */
export type Certificate = { cert: string; key: string; endsAt: Date };

/** Null where TLS is somebody else's, or nobody's. Throws `ConfigError`, which says what to do. */
export function readCertificate(config: Pick<Config, "TLS_CERT_FILE" | "TLS_KEY_FILE">): Certificate | null {
	const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = config;
	if (certFile === null || keyFile === null) return null;
	const cert = readPem("TLS_CERT_FILE", certFile);
	const key = readPem("TLS_KEY_FILE", keyFile);
	const certificate = parsed("TLS_CERT_FILE", certFile, "is no certificate in PEM", () => new X509Certificate(cert));
	const privateKey = parsed("TLS_KEY_FILE", keyFile, keyAdvice(key), () => createPrivateKey(key));
	checkPair(certificate, privateKey, certFile, keyFile);
	checkDates(certificate, certFile);
	// OpenSSL has opinions of its own: keys that are too short, a chain that is none.
	parsed("TLS_CERT_FILE", certFile, "is of no use for TLS", () => createSecureContext({ cert, key }));
	return { cert, key, endsAt: certificate.validToDate };
}

function readPem(setting: string, path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new ConfigError([`${setting}: ${why}; it must be a file that the gateway's user can read`]);
	}
}

function parsed<Value>(setting: string, path: string, problem: string, parse: () => Value): Value {
	try {
		return parse();
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		throw new ConfigError([`${setting}: ${path} ${problem} (${why})`]);
	}
}

/** Nobody is there to type a passphrase when the gateway starts again by itself. */
function keyAdvice(key: string): string {
	return key.includes("ENCRYPTED")
		? "is encrypted; take the passphrase away with openssl pkey -in OLD -out NEW"
		: "is no private key in PEM";
}

function checkPair(certificate: X509Certificate, key: KeyObject, certFile: string, keyFile: string): void {
	if (certificate.checkPrivateKey(key)) return;
	throw new ConfigError([
		`TLS_KEY_FILE: ${keyFile} is not the key of the first certificate in ${certFile}; the server's own has to be first, and those of its issuers behind it`,
	]);
}

function checkDates({ validFromDate, validToDate }: X509Certificate, path: string): void {
	const now = Date.now();
	if (now > validToDate.getTime()) {
		throw new ConfigError([`TLS_CERT_FILE: ${path} expired on ${validToDate.toISOString()}; renew it`]);
	}
	if (now < validFromDate.getTime()) {
		const from = validFromDate.toISOString();
		throw new ConfigError([`TLS_CERT_FILE: ${path} is valid from ${from} on; is this machine's clock right?`]);
	}
}
