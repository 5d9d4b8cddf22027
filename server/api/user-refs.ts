/** From what names a user in the API to the user. */
import { isOperator } from "../core/rights.ts";
import type { User, UserStore } from "../core/users.ts";
import type { UserRef } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import { UserId, Username } from "../protocol/ids.ts";
import type { Caller } from "./api.ts";

/**
 * The id of the user that is meant. An id need not be known: secrets may be given before somebody comes. Throws
 * `BerthError` UNAUTHENTICATED for `me` without a user, and USER_NOT_FOUND; who may not ask about others is told FORBIDDEN
 * instead, so that nobody learns who there is.
 */
export function userIdBy(ref: UserRef, { actor }: Caller, users: UserStore): UserId {
	if (ref === "me") {
		if (actor.kind !== "user") throw new BerthError("UNAUTHENTICATED", { detail: "a token is nobody's self" });
		return actor.userId;
	}
	const userId = UserId.safeParse(ref);
	if (userId.success) return userId.data;
	const user = users.findByUsername(Username.parse(ref));
	if (user !== null) return user.userId;
	throw new BerthError(isOperator(actor) ? "USER_NOT_FOUND" : "FORBIDDEN");
}

/** As `userIdBy`, for whoever has to be known. */
export function userBy(ref: UserRef, caller: Caller, users: UserStore): User {
	const user = users.find(userIdBy(ref, caller, users));
	if (user === null) throw new BerthError("USER_NOT_FOUND");
	return user;
}
