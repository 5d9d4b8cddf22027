/**
 * One-time links with which people set their password. The token is in the link's fragment, which browsers send to
 * nobody; of it only a hash is kept.
 */
import { randomBytes } from "node:crypto";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import { tokenHash } from "./token-hash.ts";

export type Invitation = {
	/** Unix times, ms. */
	createdAt: number;
	endsAt: number;
} & (
	| { kind: "invitation" | "reset"; userId: UserId }
	/** Whoever accepts it becomes the first operator, by a name of their choice. */
	| { kind: "first-operator"; userId: null }
);

export type InvitationKind = Invitation["kind"];

/** The port that keeps them. */
export interface InvitationStore {
	insert(invitation: Invitation, tokenHash: Buffer): void;
	find(tokenHash: Buffer): Invitation | null;
	/** Removes it, and returns it where it was there: of several who try at once one gets it. */
	take(tokenHash: Buffer): Invitation | null;
	/** Removes all of a user; with null those of nobody yet. */
	removeOf(userId: UserId | null): void;
	removeOver(now: number): void;
}

export type InvitationsOptions = {
	store: InvitationStore;
	/** What links begin with, e.g. `https://shell.example.org/berth`. */
	publicUrl(): string;
	now?(): number;
};

export const INVITATION_PATH = "/invitation";
const TOKEN_BYTES = 32;
const DAY_MS = 24 * 60 * 60 * 1000;
/** An invitation may wait for a holiday to end; who asked for a reset is there. */
const LIFE_MS = { invitation: 7 * DAY_MS, reset: DAY_MS, "first-operator": DAY_MS } as const;

export class Invitations {
	readonly #options: InvitationsOptions;

	constructor(options: InvitationsOptions) {
		this.#options = options;
	}

	/** A link for this user. The user's earlier links end. */
	make(kind: "invitation" | "reset", userId: UserId): { url: string; endsAt: number } {
		return this.#make({ kind, userId, ...this.#times(kind) });
	}

	/** The link of the first operator. An earlier one ends. */
	makeFirst(): { url: string; endsAt: number } {
		return this.#make({ kind: "first-operator", userId: null, ...this.#times("first-operator") });
	}

	/** What a token is for. Throws `BerthError` LINK_USED. */
	find(token: string): Invitation {
		return this.#mustBeGood(this.#options.store.find(tokenHash(token)));
	}

	/** As `find`, and nobody gets it again. */
	take(token: string): Invitation {
		return this.#mustBeGood(this.#options.store.take(tokenHash(token)));
	}

	/** Ends all links of a user; with null that of the first operator. */
	endOf(userId: UserId | null): void {
		this.#options.store.removeOf(userId);
	}

	#make(invitation: Invitation): { url: string; endsAt: number } {
		const { publicUrl, store } = this.#options;
		const token = randomBytes(TOKEN_BYTES).toString("base64url");
		store.removeOver(this.#now());
		store.removeOf(invitation.userId);
		store.insert(invitation, tokenHash(token));
		return { url: `${publicUrl()}${INVITATION_PATH}#${token}`, endsAt: invitation.endsAt };
	}

	#times(kind: InvitationKind): { createdAt: number; endsAt: number } {
		const createdAt = this.#now();
		return { createdAt, endsAt: createdAt + LIFE_MS[kind] };
	}

	#mustBeGood(invitation: Invitation | null): Invitation {
		if (invitation === null || this.#now() >= invitation.endsAt) throw new BerthError("LINK_USED");
		return invitation;
	}

	#now(): number {
		return this.#options.now?.() ?? Date.now();
	}
}
