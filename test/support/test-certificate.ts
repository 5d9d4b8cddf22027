/** Certificates as openssl makes them, in a folder that is removed at the end. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

export class TestCertificate implements Disposable {
	readonly folder = mkdtempSync(join(tmpdir(), "berth-tls-"));
	readonly certFile = join(this.folder, "cert.pem");
	readonly keyFile = join(this.folder, "key.pem");

	/** For `localhost`, and for all clients in this process to trust. */
	static trusted(): TestCertificate {
		const certificate = new TestCertificate();
		setDefaultCACertificates([...getCACertificates("default"), readFileSync(certificate.certFile, "utf8")]);
		return certificate;
	}

	constructor() {
		this.renew();
	}

	/** Puts another certificate with another key into the same files. */
	renew(): void {
		this.#openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", this.keyFile);
		const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
		this.#openssl(
			...["req", "-x509", "-new", "-key", this.keyFile, "-out", this.certFile],
			...["-days", "2", "-subj", "/CN=localhost", "-addext", names],
		);
	}

	/** Puts a certificate for the same key there whose time is over. */
	expire(): void {
		const request = join(this.folder, "request.pem");
		this.#openssl("req", "-new", "-key", this.keyFile, "-out", request, "-subj", "/CN=localhost");
		// The other program for it takes no such number.
		const validity = ["-days", "-1"];
		this.#openssl("x509", "-req", "-in", request, "-signkey", this.keyFile, "-out", this.certFile, ...validity);
	}

	/** What makes a gateway use it. */
	get environment(): { TLS_CERT_FILE: string; TLS_KEY_FILE: string } {
		return { TLS_CERT_FILE: this.certFile, TLS_KEY_FILE: this.keyFile };
	}

	[Symbol.dispose](): void {
		rmSync(this.folder, { recursive: true, force: true });
	}

	#openssl(...args: string[]): void {
		execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
	}
}
