/** The port through which the gateway learns who is there. */
import type { Identity } from "./identity.ts";

/** Somebody who asks for a page. */
export type Admission = {
	identity: Identity;
	/** `Set-Cookie` value to answer with; null where the visitor has all they need. */
	setCookie: string | null;
};

export interface Authenticator {
	/** Who sent a request with this `Cookie` header; null where it proves nobody. */
	identify(cookieHeader: string | undefined): Identity | null;

	/** Lets a visitor of the page in: returns who they are, or makes them somebody. */
	admit(cookieHeader: string | undefined): Admission;
}
