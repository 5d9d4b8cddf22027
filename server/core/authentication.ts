/** Who is there: joins what a request proves with whom the gateway knows, and begins sign-ins. */
import { BerthError } from "../protocol/errors.ts";
import type { SignInId, UserId } from "../protocol/ids.ts";
import type { Role, SignInMethod } from "../protocol/sign-in.ts";
import type { AuditLog } from "./audit.ts";
import type { GuestAuthenticator, RequestAuthenticator, RequestFacts, Vouched } from "./authenticator.ts";
import { userIdOf, visitorOf } from "./identity.ts";
import { type Actor, nameOfActor } from "./rights.ts";
import type { SignIns } from "./sign-ins.ts";
import type { User, UserChange, UserStore } from "./users.ts";

/** Somebody who is there, and how that is known. */
export type Presence = {
	user: User;
	method: SignInMethod;
	/** Null where each request proves it anew. */
	signInId: SignInId | null;
};

export type AuthenticationOptions = {
	users: UserStore;
	signIns: SignIns;
	/** The ways in that are on: a sign-in by another is none, for as long as that is off. */
	methods: readonly SignInMethod[];
	/** The token of a sign-in that a request carries; null where it carries none. */
	tokenOf(request: RequestFacts): string | null;
	/** Asked in this order where there is no sign-in. */
	byRequest: readonly RequestAuthenticator[];
	/** Null where guests are not let in. */
	guests: GuestAuthenticator | null;
	/** An issuer gave somebody another tier: what runs keeps to it from here on. */
	onTierChanged(userId: UserId): void;
	audit: AuditLog;
};

/** A sign-in that has just begun. The token goes into the cookie, and nowhere else. */
export type NewSignIn = { presence: Presence; token: string };

export class Authentication {
	readonly #options: AuthenticationOptions;

	constructor(options: AuthenticationOptions) {
		this.#options = options;
	}

	/** Null where the request proves nobody. Whoever is switched off is somebody: see `User.disabledAt`. */
	identify(request: RequestFacts): Presence | null {
		return this.#bySignIn(request) ?? this.#byRequest(request);
	}

	/** As `identify`, but lets in guests who are new, where there may be any. */
	admit(request: RequestFacts): { presence: Presence | null; setCookies: string[] } {
		const { guests } = this.#options;
		const presence = this.identify(request);
		// A guest's cookie lives as long as the last visit says.
		if (guests === null || (presence !== null && presence.method !== guests.method))
			return { presence, setCookies: [] };
		const { vouched, setCookies } = guests.admit(request);
		return { presence: { user: this.#userOf(vouched), method: guests.method, signInId: null }, setCookies };
	}

	/** The guest that this browser is besides, or was. */
	guestOf(request: RequestFacts): User | null {
		const vouched = this.#options.guests?.identify(request) ?? null;
		return vouched === null ? null : this.#userOf(vouched);
	}

	/**
	 * Signs in whom an authenticator vouches for. The sign-in that the browser had ends. Throws `BerthError`
	 * USER_DISABLED.
	 */
	signIn(vouched: Vouched, method: SignInMethod, request: RequestFacts): NewSignIn {
		const { audit, signIns, users } = this.#options;
		const { identity, issuerSession } = vouched;
		const known = users.remember(identity, Date.now());
		const event = { actor: nameOfActor(actorOf(known)), address: request.address, subject: known.userId };
		if (known.disabledAt !== null) {
			audit.record({ ...event, action: "signed-in", result: "USER_DISABLED", details: { method } });
			throw new BerthError("USER_DISABLED");
		}
		const user = this.#update(known, vouched, Date.now());
		const before = this.#bySignIn(request)?.signInId;
		if (before) signIns.end([before], "replaced");
		const device = [request.headers["user-agent"]].flat()[0] ?? "";
		const facts = { userId: user.userId, method, address: request.address, device, issuerSession };
		const { signIn, token } = signIns.begin(facts);
		const { signInId } = signIn;
		audit.record({ ...event, action: "signed-in", result: "done", details: { method, signInId, role: user.role } });
		return { presence: { user, method, signInId }, token };
	}

	#bySignIn(request: RequestFacts): Presence | null {
		const { methods, signIns, tokenOf, users } = this.#options;
		const token = tokenOf(request);
		const signIn = token === null ? null : signIns.find(token);
		if (signIn === null || !methods.includes(signIn.method)) return null;
		const user = users.find(signIn.userId);
		return user === null ? null : { user, method: signIn.method, signInId: signIn.signInId };
	}

	#byRequest(request: RequestFacts): Presence | null {
		const { byRequest, guests } = this.#options;
		for (const authenticator of guests === null ? byRequest : [...byRequest, guests]) {
			const vouched = authenticator.identify(request);
			if (vouched === null) continue;
			return { user: this.#userOf(vouched), method: authenticator.method, signInId: null };
		}
		return null;
	}

	/** Guests are not written down before they have a place: a crawler would leave thousands. */
	#userOf(vouched: Vouched): User {
		const { guests, users } = this.#options;
		const { identity } = vouched;
		const known = users.find(userIdOf(identity));
		if (known === null && identity.issuer === guests?.method) {
			const tier = vouched.tier?.name ?? null;
			return { ...visitorOf(identity), role: "user", tier, disabledAt: null, createdAt: Date.now(), signedInAt: null };
		}
		return this.#update(known ?? users.remember(identity, Date.now()), vouched, null);
	}

	/** Writes down what an issuer says of somebody, where it is news. */
	#update(known: User, { identity, isNameless, role, tier }: Vouched, signedInAt: number | null): User {
		const { onTierChanged, users } = this.#options;
		const { displayName } = identity;
		const change: UserChange = {
			...(!isNameless && displayName !== known.displayName && { displayName }),
			...(role !== null && role !== known.role && { role }),
			...(tier !== null && tier.name !== known.tier && { tier: tier.name }),
			...(signedInAt !== null && { signedInAt }),
		};
		if (Object.keys(change).length === 0) return known;
		const user = users.change(known.userId, change) ?? known;
		if (change.tier !== undefined) onTierChanged(known.userId);
		return user;
	}
}

export function actorOf({ userId, role }: { userId: User["userId"]; role: Role }): Actor {
	return { kind: "user", userId, role };
}
