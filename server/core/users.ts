/** Everybody who was ever here: who they are, what they may, and the port that keeps them. */
import type { UserId, Username } from "../protocol/ids.ts";
import type { Role } from "../protocol/sign-in.ts";
import type { Identity, Visitor } from "./identity.ts";

export type User = Visitor & {
	role: Role;
	/** The tier that an operator or an issuer gave them; null where the rules decide. */
	tier: string | null;
	/** Unix time, ms; null where they may come in. */
	disabledAt: number | null;
	createdAt: number;
	/** Null where they never signed in: guests do not. */
	signedInAt: number | null;
};

export type UserChange = Partial<Pick<User, "role" | "tier" | "disabledAt" | "signedInAt" | "displayName">>;

/** Users in the order in which they came, after one of them. */
export type UserPage = { after: UserId | null; limit: number; search: string | null };

/** The port that keeps users. */
export interface UserStore {
	/**
	 * The user of this identity, made where there is none. The username is given once: it stays although the display
	 * name changes, and is found again by the homes on the volume where the database was lost.
	 */
	remember(identity: Identity, now: number): User;

	find(userId: UserId): User | null;

	findByUsername(username: Username): User | null;

	list(page: UserPage): User[];

	/** Whether there is an operator who may come in. */
	hasOperator(): boolean;

	/** Returns the user as they are now; null where there is none. */
	change(userId: UserId, change: UserChange): User | null;
}
