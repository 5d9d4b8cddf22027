/** Signing in by a platform's token. */
import type { AuditLog } from "../core/audit.ts";
import type { Authentication } from "../core/authentication.ts";
import type { Authenticator } from "../core/authenticator.ts";
import { recordRefusal } from "../core/refusals.ts";
import { BerthError } from "../protocol/errors.ts";
import type { Handlers } from "./api.ts";

export type JwtOperationsOptions = {
	authentication: Pick<Authentication, "signIn">;
	jwt: Authenticator<string>;
	/** Whether pages of other sites may show the terminal inside of them. */
	mayBeEmbedded: boolean;
	audit: AuditLog;
};

export function jwtOperations(options: JwtOperationsOptions): Pick<Handlers, "sign-in.jwt"> {
	const { audit, authentication, jwt, mayBeEmbedded } = options;
	return {
		"sign-in.jwt": {
			action: "sign-in",
			subject: () => null,
			run: async ({ isEmbedded, token }, { request }) => {
				if (request === null) throw new BerthError("BAD_REQUEST", { detail: "only a browser can be signed in" });
				// Such a cookie is sent with what other sites' pages ask.
				if (isEmbedded && !mayBeEmbedded) throw new BerthError("BAD_REQUEST", { detail: "EMBED_ORIGINS is empty" });
				try {
					const vouched = await jwt.authenticate(token);
					return { result: {}, signIn: { ...authentication.signIn(vouched, jwt.method, request), isEmbedded } };
				} catch (thrown) {
					// Who is switched off was written down with their name.
					const isWritten = thrown instanceof BerthError && thrown.code === "USER_DISABLED";
					if (!isWritten) recordRefusal(audit, { method: jwt.method, request, thrown });
					throw thrown;
				}
			},
		},
	};
}
