/** A real OpenID provider on this machine: whoever types a name into its form is that person. */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Provider } from "oidc-provider";

export type TestProviderOptions = {
	/** Where the gateway is, e.g. `http://localhost:40123`. */
	gateway: string;
	/** Claims by subject, `sub` aside; changed by tests while it runs. */
	people?: Map<string, Record<string, unknown>>;
};

export const CLIENT_ID = "berth";
export const CLIENT_SECRET = "the provider and the gateway know this";

export class TestProvider implements AsyncDisposable {
	readonly people: Map<string, Record<string, unknown>>;
	readonly #gateway: string;
	readonly #key: CryptoKeyPair;
	#server: Server | null = null;
	#port = 0;

	static async start({ gateway, people = new Map() }: TestProviderOptions): Promise<TestProvider> {
		const provider = new TestProvider(gateway, people, await generateKeyPair("RS256", { extractable: true }));
		await provider.start();
		return provider;
	}

	private constructor(gateway: string, people: Map<string, Record<string, unknown>>, key: CryptoKeyPair) {
		this.#gateway = gateway;
		this.people = people;
		this.#key = key;
	}

	get issuer(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	/** What makes a gateway send people here. */
	get environment(): Record<string, string> {
		return {
			SIGN_IN: "oidc",
			PUBLIC_URL: this.#gateway,
			PORT: new URL(this.#gateway).port,
			OIDC_ISSUER: this.issuer,
			OIDC_CLIENT_ID: CLIENT_ID,
			OIDC_CLIENT_SECRET: CLIENT_SECRET,
			OIDC_SCOPES: "openid profile groups",
			OIDC_ROLE_CLAIM: "realm.roles",
			OIDC_OPERATORS: "admins, teachers",
			OIDC_TIER_CLAIM: "plan",
		};
	}

	/** Starts, or starts again at the same address. */
	async start(): Promise<void> {
		const server = createServer();
		server.listen(this.#port, "127.0.0.1");
		await once(server, "listening");
		this.#port = (server.address() as AddressInfo).port;
		server.on("request", (await this.#provider()).callback());
		this.#server = server;
	}

	async stop(): Promise<void> {
		const server = this.#server;
		this.#server = null;
		if (server === null) return;
		server.close();
		server.closeAllConnections();
		await once(server, "close");
	}

	/** A token that this provider signs, whatever stands in it. */
	async signed(claims: Record<string, unknown>, header: { typ?: string; kid?: string } = {}): Promise<string> {
		return await new SignJWT(JSON.parse(JSON.stringify(claims)))
			.setProtectedHeader({ alg: "RS256", kid: "test", ...header })
			.sign(this.#key.privateKey);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}

	async #provider(): Promise<Provider> {
		const { people } = this;
		return new Provider(this.issuer, {
			clients: [
				{
					client_id: CLIENT_ID,
					client_secret: CLIENT_SECRET,
					redirect_uris: [`${this.#gateway}/sign-in/oidc/callback`],
					post_logout_redirect_uris: [`${this.#gateway}/sign-in`],
					backchannel_logout_uri: `${this.#gateway}/sign-in/oidc/back-channel-logout`,
					backchannel_logout_session_required: true,
				},
			],
			claims: { openid: ["sub"], profile: ["name", "preferred_username"], groups: ["realm", "plan"] },
			findAccount: (_context, accountId) => ({
				accountId,
				claims: () => ({ ...people.get(accountId), sub: accountId }),
			}),
			features: { backchannelLogout: { enabled: true } },
			jwks: { keys: [{ ...(await exportJWK(this.#key.privateKey)), kid: "test", alg: "RS256", use: "sig" }] },
			cookies: { keys: ["only for tests"] },
			// Its own way of asking refuses addresses of this machine, where the gateway is.
			fetch: (url, options) => fetch(url, Object.assign({ ...options }, { dispatcher: undefined })),
		});
	}
}
