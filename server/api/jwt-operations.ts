/** Signing in by a platform's token. */
import type { Authentication } from "../core/authentication.ts";
import type { Authenticator } from "../core/authenticator.ts";
import type { Refusals } from "../core/refusals.ts";
import { BerthError } from "../protocol/errors.ts";
import type { Handlers } from "./api.ts";

export type JwtOperationsOptions = {
	authentication: Pick<Authentication, "signIn">;
	jwt: Authenticator<string>;
	/** Whether pages of other sites may show the terminal inside of them. */
	mayBeEmbedded: boolean;
	refusals: Refusals;
};

export function jwtOperations(options: JwtOperationsOptions): Pick<Handlers, "sign-in.jwt"> {
	const { authentication, jwt, mayBeEmbedded, refusals } = options;
	return {
		"sign-in.jwt": {
			action: "sign-in",
			subject: () => null,
			run: async ({ isEmbedded, token }, { request }) => {
				if (request === null) throw new BerthError("BAD_REQUEST", { detail: "only a browser can be signed in" });
				// Such a cookie is sent with what other sites' pages ask.
				if (isEmbedded && !mayBeEmbedded) throw new BerthError("BAD_REQUEST", { detail: "EMBED_ORIGINS is empty" });
				const signIn = await refusals.attempt({ method: jwt.method, request }, async () =>
					authentication.signIn(await jwt.authenticate(token), jwt.method, request),
				);
				return { result: {}, signIn: { ...signIn, isEmbedded } };
			},
		},
	};
}
