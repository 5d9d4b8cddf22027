/** Linux accounts as the gateway knows them: which uid belongs to which name, across the whole pool. */
import type { Uid, Username } from "../protocol/ids.ts";
import type { Visitor } from "./identity.ts";

/**
 * First uid given to a user. Above every range that distributions use for people and services, so that no account of a
 * host or an image shares a number with a user.
 */
export const FIRST_UID = 20_000;

/** A home on the volume. */
export type Home = { username: Username; uid: Uid };

/** The port that keeps accounts. */
export interface AccountStore {
	/**
	 * The visitor's uid, which is also the gid; on the first visit the next one. A uid is never given twice, also not
	 * after its user is gone. Throws where another identity has the same username, and `BerthError` UNAUTHENTICATED where
	 * the visitor has got another one since they were let in: the one of a home that was theirs already.
	 */
	register(visitor: Visitor, now: number): Uid;

	/**
	 * Takes over homes that the store does not know: it was lost, or is older than the volume. Returns homes whose
	 * owner contradicts what the store knows; for these nothing is changed.
	 */
	recordHomes(homes: readonly Home[]): Home[];
}
