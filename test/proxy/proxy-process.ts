/** A real proxy as an ordinary process with the configuration of deploy/proxy, on loopback. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { SLOWNESS } from "../support/patience.ts";
import type { TestCertificate } from "../support/test-certificate.ts";

const CONFIGURATIONS = join(import.meta.dirname, "../../deploy/proxy");
const START_PATIENCE_MS = 20_000 * SLOWNESS;

export type ProxyOptions = {
	/** Which of the examples' hosts is called `localhost` here. */
	host: "shell.example.org" | "apps.example.org";
	/** Where it passes requests on to, on this machine. */
	gatewayPort: number;
	tlsPort: number;
	plainPort: number;
	certificate: TestCertificate;
	/** What else is to be different from the file: texts that are there, and what is in their place. */
	changes?: Record<string, string>;
};

/** A program that is started with a configuration in a folder of its own, and says when it is ready. */
type Program = {
	command: string;
	args(folder: string): string[];
	environment(folder: string): Record<string, string>;
	/** What it prints when it listens. */
	ready: RegExp;
};

const NGINX: Program = {
	command: "nginx",
	args: (folder) => {
		const user = userInfo().uid === 0 ? "user root; " : "";
		const inFront = `${user}daemon off; pid ${folder}/pid; error_log stderr notice;`;
		return ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", "stderr", "-g", inFront];
	},
	environment: () => ({}),
	ready: /start worker process /,
};

const CADDY: Program = {
	command: "caddy",
	args: (folder) => ["run", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")],
	environment: (folder) => ({ HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }),
	ready: /serving initial configuration/,
};

export class ProxyProcess implements AsyncDisposable {
	readonly folder = mkdtempSync(join(tmpdir(), "berth-proxy-"));
	/** All that it printed. */
	log = "";
	#child: ChildProcess | null = null;

	static async nginx(options: ProxyOptions): Promise<ProxyProcess> {
		const proxy = new ProxyProcess();
		for (const name of ["nginx.conf", "berth_proxy_params"]) {
			proxy.#write(name, changed(changed(read(name), nginxChanges(options, proxy.folder)), options.changes ?? {}));
		}
		await proxy.#start(NGINX);
		return proxy;
	}

	static async caddy(options: ProxyOptions): Promise<ProxyProcess> {
		const proxy = new ProxyProcess();
		const text = changed(changed(read("Caddyfile"), caddyChanges(options)), options.changes ?? {});
		// It has no other way to be told: no administration on a port, no redirects on port 80.
		proxy.#write("Caddyfile", `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${text}`);
		await proxy.#start(CADDY);
		return proxy;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		const child = this.#child;
		if (child !== null && child.exitCode === null && child.signalCode === null) {
			const ended = once(child, "exit");
			child.kill("SIGTERM");
			await ended;
		}
		rmSync(this.folder, { recursive: true, force: true });
	}

	#write(name: string, text: string): void {
		writeFileSync(join(this.folder, name), text);
	}

	async #start({ args, command, environment, ready }: Program): Promise<void> {
		const env = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...environment(this.folder) };
		const child = spawn(command, args(this.folder), { env, stdio: ["ignore", "pipe", "pipe"] });
		this.#child = child;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const onText = (chunk: Buffer): void => {
			this.log += chunk.toString("utf8");
			if (ready.test(this.log)) resolve();
		};
		child.stdout.on("data", onText);
		child.stderr.on("data", onText);
		child.once("error", reject);
		child.once("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${this.log}`)));
		const timer = setTimeout(() => reject(new Error(`${command} is not ready:\n${this.log}`)), START_PATIENCE_MS);
		await promise.finally(() => clearTimeout(timer));
	}
}

function read(name: string): string {
	return readFileSync(join(CONFIGURATIONS, name), "utf8");
}

/** What is different on a test's machine; everything else is as operators copy it. */
function nginxChanges({ certificate, gatewayPort, host, plainPort, tlsPort }: ProxyOptions, folder: string) {
	const kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
	const temporary = kinds.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(" ");
	return {
		"http {": `http { ${temporary}`,
		"listen 443": `listen 127.0.0.1:${tlsPort}`,
		"listen 80": `listen 127.0.0.1:${plainPort}`,
		"127.0.0.1:3000": `127.0.0.1:${gatewayPort}`,
		"/var/log/nginx/access.log": `${folder}/access.log`,
		"/etc/letsencrypt/live/shell.example.org/fullchain.pem": certificate.certFile,
		"/etc/letsencrypt/live/shell.example.org/privkey.pem": certificate.keyFile,
		"https://shell.example.org": `https://localhost:${tlsPort}`,
		"https://apps.example.org": `https://localhost:${tlsPort}`,
		[`server_name ${host}`]: "server_name localhost",
	};
}

function caddyChanges({ certificate, gatewayPort, host, plainPort, tlsPort }: ProxyOptions) {
	const tls = `tls ${certificate.certFile} ${certificate.keyFile}`;
	const other = host === "shell.example.org" ? "apps.example.org" : "shell.example.org";
	return {
		"127.0.0.1:3000": `127.0.0.1:${gatewayPort}`,
		[`\n${host} {`]: `\nhttps://localhost:${tlsPort} {\n\tbind 127.0.0.1\n\t${tls}`,
		// The other one is not to ask anybody for a certificate.
		[`\n${other} {`]: `\nhttp://other.localhost:${plainPort} {\n\tbind 127.0.0.1`,
	};
}

function changed(text: string, changes: Record<string, string>): string {
	return Object.entries(changes).reduce((before, [from, to]) => before.replaceAll(from, to), text);
}
