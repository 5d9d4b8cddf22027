/** Which container somebody gets. The rule is pure; the store applies it inside one transaction. */

import type { Ordinal, UserId, Username } from "../protocol/ids.ts";
import type { Visitor } from "./identity.ts";

/** Somebody's place in a container, kept until it has been idle for the assignment's time to live. */
export type Assignment = { userId: UserId; ordinal: Ordinal };

/** A place that was given back. */
export type ReleasedPlace = { username: Username; ordinal: Ordinal };

/** The least loaded of `candidates` that has room, the lowest ordinal on a tie; null where all are full. */
export function chooseContainer(
	candidates: readonly Ordinal[],
	usersIn: ReadonlyMap<Ordinal, number>,
	capacity: number,
): Ordinal | null {
	let chosen: Ordinal | null = null;
	let fewest = capacity;
	for (const ordinal of candidates.toSorted((a, b) => a - b)) {
		const users = usersIn.get(ordinal) ?? 0;
		if (users < fewest) {
			chosen = ordinal;
			fewest = users;
		}
	}
	return chosen;
}

/** The port that keeps assignments. Each method is one transaction. Times are Unix ms. */
export interface AssignmentStore {
	find(userId: UserId): Assignment | null;

	/**
	 * Returns the user's assignment, or makes one by `chooseContainer`. Null where every candidate is full; then
	 * nothing was changed.
	 */
	assign(userId: UserId, candidates: readonly Ordinal[], capacity: number, now: number): Assignment | null;

	/** Gives a place back. A user without one is fine. */
	release(userId: UserId): void;

	/** Notes that these users use their places. */
	touch(userIds: readonly UserId[], now: number): void;

	/** Gives back all places unused since `before`, and returns whose they were. */
	releaseUnusedSince(before: number): ReleasedPlace[];

	/** Everybody who has a place, and in which container. */
	placed(): { visitor: Visitor; ordinal: Ordinal }[];

	/** Users assigned to each container. */
	usersByContainer(): Map<Ordinal, number>;
}
