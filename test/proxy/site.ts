/** A gateway in local mode behind a real proxy that ends TLS, as people reach it. */
import { freePort } from "../support/free-port.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import type { TestCertificate } from "../support/test-certificate.ts";
import { type ProxyOptions, ProxyProcess } from "./proxy-process.ts";

export type SiteOptions = {
	proxy: "nginx" | "caddy";
	certificate: TestCertificate;
	/** `""`, or what the proxy's other host has Berth below. */
	path?: "" | "/berth";
	/** Whether the proxy takes the path away. */
	isStripped?: boolean;
	changes?: ProxyOptions["changes"];
	/** Settings of the gateway. */
	settings?: Record<string, string>;
};

/** What takes the path away, as the examples' comments say. */
const STRIPPING = {
	nginx: {
		"# As it came. With a slash at the end nginx would take /berth/ away: then leave BASE_PATH out.\n\t\t\tproxy_pass http://berth;":
			"proxy_pass http://berth/;",
	},
	caddy: { "handle /berth/*": "handle_path /berth/*" },
};

export class Site implements AsyncDisposable {
	/** e.g. `https://localhost:40123/berth` */
	readonly base: string;
	/** Where requests without TLS arrive; nginx only. */
	readonly plainPort: number;
	readonly gateway: GatewayProcess;
	readonly #proxy: ProxyProcess;

	static async start(options: SiteOptions): Promise<Site> {
		const { certificate, changes, isStripped = false, path = "", proxy, settings } = options;
		const [tlsPort, plainPort] = await Promise.all([freePort(), freePort()]);
		const base = `https://localhost:${tlsPort}${path}`;
		const gateway = await GatewayProcess.start({
			PUBLIC_URL: base,
			BASE_PATH: isStripped ? "" : path,
			TRUST_PROXY: "loopback",
			...settings,
		});
		try {
			const host = path === "" ? "shell.example.org" : "apps.example.org";
			const told = { ...(isStripped && STRIPPING[proxy]), ...changes };
			const process = await ProxyProcess[proxy]({
				...{ host, tlsPort, plainPort, certificate, changes: told },
				gatewayPort: gateway.port,
			});
			return new Site(base, plainPort, gateway, process);
		} catch (error) {
			await gateway[Symbol.asyncDispose]();
			throw error;
		}
	}

	private constructor(base: string, plainPort: number, gateway: GatewayProcess, proxy: ProxyProcess) {
		this.base = base;
		this.plainPort = plainPort;
		this.gateway = gateway;
		this.#proxy = proxy;
	}

	/** What the proxy printed, for failures. */
	get log(): string {
		return this.#proxy.log;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#proxy[Symbol.asyncDispose]();
		await this.gateway[Symbol.asyncDispose]();
	}
}
