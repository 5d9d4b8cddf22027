/** What an OpenID provider says of itself: asked for at the first use, and again after a while or a failure. */
import {
	allowInsecureRequests,
	type ClientAuth,
	ClientSecretBasic,
	ClientSecretPost,
	type Configuration,
	customFetch,
	discovery,
	enableNonRepudiationChecks,
	None,
} from "openid-client";
import type { Log } from "../core/log.ts";
import { BerthError } from "../protocol/errors.ts";
import { boundedFetch, ISSUER_LIMIT_MS } from "./bounded-fetch.ts";

export type OidcDiscoveryOptions = {
	/** The provider's address, exactly as it calls itself. */
	issuer: string;
	clientId: string;
	/** Null for a public client. */
	clientSecret: string | null;
	log: Log;
};

/** An answer says nothing about whether the provider is there now: people should not be sent to one that is down. */
const FRESH_MS = 60_000;
/** One that is down is asked so often, however many want to sign in. */
const ASKED_AGAIN_AFTER_MS = 1_000;

export class OidcDiscovery {
	readonly #options: OidcDiscoveryOptions;
	/** The last answer or failure, or the one that is being waited for. */
	#answer: Promise<Configuration> | null = null;
	#staleAt = Number.POSITIVE_INFINITY;

	constructor(options: OidcDiscoveryOptions) {
		this.#options = options;
	}

	/** Throws `BerthError` ISSUER_UNREACHABLE. */
	configuration(): Promise<Configuration> {
		if (this.#answer !== null && performance.now() < this.#staleAt) return this.#answer;
		this.#staleAt = Number.POSITIVE_INFINITY;
		this.#answer = this.#ask();
		return this.#answer;
	}

	async #ask(): Promise<Configuration> {
		const { clientId, clientSecret, issuer, log } = this.#options;
		try {
			const isPlain = issuer.startsWith("http:");
			const found = await discovery(new URL(issuer), clientId, {}, clientAuthentication(clientSecret), {
				[customFetch]: boundedFetch,
				timeout: ISSUER_LIMIT_MS / 1000,
				// The signature is checked although the token came from the provider itself.
				execute: [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])],
			});
			this.#staleAt = performance.now() + FRESH_MS;
			return found;
		} catch (error) {
			this.#staleAt = performance.now() + ASKED_AGAIN_AFTER_MS;
			log.warn({ issuer, reason: reasonIn(error) }, "the OpenID provider's discovery document is not to be had");
			throw new BerthError("ISSUER_UNREACHABLE", { cause: error });
		}
	}
}

/** As the provider takes it. What it does not say is `client_secret_basic`, by the specification. */
function clientAuthentication(secret: string | null): ClientAuth {
	if (secret === null) return None();
	const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
	return (server, ...rest) => {
		const { token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] } = server;
		return (methods.includes("client_secret_basic") ? basic : post)(server, ...rest);
	};
}

/** For the gateway's log: what the library says, and the operating system below it. */
export function reasonIn(error: unknown): string {
	const { cause, message } = Object(error);
	const { code } = Object(cause);
	return typeof code === "string" ? `${message} (${code})` : String(message);
}
