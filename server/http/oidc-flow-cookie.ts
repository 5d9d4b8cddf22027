/**
 * What has to be known when somebody comes back from the provider, kept by their own browser, sealed: the gateway keeps
 * nothing, may be started again meanwhile, and whoever comes back with another browser has not begun it.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { z } from "zod";
import type { OidcFlow } from "../authenticators/oidc.ts";
import type { RequestFacts } from "../core/authenticator.ts";
import { HostCookie } from "../host-cookie.ts";

/** To sign in at the provider, a second factor and a forgotten password included. */
const MAX_AGE_MS = 15 * 60_000;
const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const Kept = z.object({ state: z.string(), nonce: z.string(), codeVerifier: z.string(), endsAt: z.number() });

export class OidcFlowCookie {
	readonly #key: Buffer;
	/** Lax: the provider's page leads back here. Bound to the host: no neighbour plants a flow of their own. */
	readonly #cookie: HostCookie;

	/** `secret` is the key of the other cookies; `isSecure`: whether people reach the gateway by HTTPS. */
	constructor({ isSecure, secret }: { isSecure: boolean; secret: string }) {
		this.#key = Buffer.from(hkdfSync("sha256", secret, "", "berth: sign-ins at the provider", KEY_BYTES));
		this.#cookie = new HostCookie("berth_oidc", { isSecure });
	}

	/** `Set-Cookie` value. */
	set(flow: OidcFlow): string {
		return this.#cookie.set(
			this.#seal(JSON.stringify({ ...flow, endsAt: Date.now() + MAX_AGE_MS })),
			MAX_AGE_MS / 1000,
		);
	}

	/** `Set-Cookie` value. */
	get clearing(): string {
		return this.#cookie.clearing;
	}

	/** Null where this browser has begun none, or too long ago. */
	flowOf(request: RequestFacts): OidcFlow | null {
		const sealed = this.#cookie.valueIn(request);
		const kept = sealed === undefined ? null : this.#open(sealed);
		if (kept === null || kept.endsAt <= Date.now()) return null;
		const { codeVerifier, nonce, state } = kept;
		return { codeVerifier, nonce, state };
	}

	#seal(text: string): string {
		const nonce = randomBytes(NONCE_BYTES);
		const cipher = createCipheriv(CIPHER, this.#key, nonce);
		const sealed = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
		return sealed.toString("base64url");
	}

	#open(text: string): z.infer<typeof Kept> | null {
		const sealed = Buffer.from(text, "base64url");
		if (sealed.length <= NONCE_BYTES + TAG_BYTES) return null;
		try {
			const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES), {
				authTagLength: TAG_BYTES,
			});
			decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
			const opened = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
			return Kept.parse(JSON.parse(Buffer.concat([opened, decipher.final()]).toString("utf8")));
		} catch {
			return null;
		}
	}
}
