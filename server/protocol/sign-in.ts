/** The ways to sign in and the roles, as both ends of the API name them. */
import { z } from "zod";

/** How somebody became known to the gateway. */
export const SignInMethod = z.enum(["anonymous", "password", "oidc", "jwt", "proxy"]);
export type SignInMethod = z.infer<typeof SignInMethod>;

/**
 * Why a sign-in ended. `signed-out`: its owner did. `ended-elsewhere`: from another device, or by an operator.
 * `replaced`: the browser signed in anew, or its owner in too many others. `issuer`: the issuer said so.
 */
export type SignInEnd = "signed-out" | "ended-elsewhere" | "expired" | "replaced" | "disabled" | "issuer";

/** `operator`: runs this Berth. May act on others, but never in their terminals. */
export const Role = z.enum(["user", "operator"]);
export type Role = z.infer<typeof Role>;
