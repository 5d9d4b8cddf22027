/** A platform that vouches for its people: it publishes its keys on this machine, and signs tokens with them. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export const PLATFORM_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"] as const;
export type PlatformAlgorithm = (typeof PLATFORM_ALGORITHMS)[number];

export const PLATFORM_ISSUER = "https://platform.example";
export const PLATFORM_AUDIENCE = "https://shell.example";

type Key = { pair: CryptoKeyPair; published: JWK };

export class TestPlatform implements AsyncDisposable {
	readonly #keys: ReadonlyMap<PlatformAlgorithm, Key>;
	#server: Server | null = null;
	#port = 0;

	static async start(): Promise<TestPlatform> {
		const keys = await Promise.all(
			PLATFORM_ALGORITHMS.map(async (alg): Promise<[PlatformAlgorithm, Key]> => {
				const pair = await generateKeyPair(alg, { extractable: true });
				return [alg, { pair, published: { ...(await exportJWK(pair.publicKey)), kid: alg, alg, use: "sig" } }];
			}),
		);
		const platform = new TestPlatform(new Map(keys));
		await platform.start();
		return platform;
	}

	private constructor(keys: ReadonlyMap<PlatformAlgorithm, Key>) {
		this.#keys = keys;
	}

	/** What makes a gateway trust it. */
	get environment(): Record<string, string> {
		return {
			SIGN_IN: "jwt",
			JWT_ISSUER: PLATFORM_ISSUER,
			JWT_AUDIENCE: PLATFORM_AUDIENCE,
			JWT_JWKS_URL: `http://127.0.0.1:${this.#port}/jwks`,
		};
	}

	get publicKeys(): JWK[] {
		return [...this.#keys.values()].map(({ published }) => published);
	}

	/** Publishes its keys, again at the same address where it did before. */
	async start(): Promise<void> {
		const server = createServer((_request, response) => {
			response.setHeader("Content-Type", "application/json").end(JSON.stringify({ keys: this.publicKeys }));
		});
		server.listen(this.#port, "127.0.0.1");
		await once(server, "listening");
		this.#port = (server.address() as AddressInfo).port;
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

	/** A token that it signs, whatever stands in it. */
	async signed(
		claims: Record<string, unknown>,
		{ alg = "RS256", ...header }: { alg?: PlatformAlgorithm; kid?: string; typ?: string } = {},
	): Promise<string> {
		const key = this.#keys.get(alg);
		if (key === undefined) throw new Error(`no key for ${alg}`);
		return await new SignJWT(JSON.parse(JSON.stringify(claims)))
			.setProtectedHeader({ alg, kid: alg, ...header })
			.sign(key.pair.privateKey);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.stop();
	}
}

/** What a platform says of somebody. */
export function vouchingFor(
	sub: string,
	more: Record<string, unknown> = {},
): Record<string, unknown> & { iat: number } {
	const iat = Math.floor(Date.now() / 1000);
	const jti = randomBytes(16).toString("hex");
	return { iss: PLATFORM_ISSUER, aud: PLATFORM_AUDIENCE, sub, iat, exp: iat + 60, jti, ...more };
}
