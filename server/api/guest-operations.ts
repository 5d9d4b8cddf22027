/** The step by which somebody who has signed in takes the files of the guest along that this browser was. */
import type { AuditLog } from "../core/audit.ts";
import { doneBy } from "../core/audited.ts";
import type { Authentication } from "../core/authentication.ts";
import type { User, UserStore } from "../core/users.ts";
import { BerthError, codeOf } from "../protocol/errors.ts";
import type { Caller, Handlers } from "./api.ts";
import { userIdBy } from "./user-refs.ts";

export type GuestOperationsOptions = {
	authentication: Pick<Authentication, "guestOf">;
	users: UserStore;
	audit: AuditLog;
	/** Returns where the files are now. */
	adoptGuest(guest: User, member: User): Promise<string>;
};

export function guestOperations(options: GuestOperationsOptions): Pick<Handlers, "guest.adopt"> {
	const { adoptGuest, audit, authentication, users } = options;
	return {
		"guest.adopt": {
			action: "guest.adopt",
			subject: (_input, caller) => userIdBy("me", caller, users),
			run: async (_input, caller) => {
				const { guest, member } = bothOf(caller, authentication);
				const { actor, address } = doneBy(caller);
				const event = { actor, address, action: "guest.adopted", subject: member.userId } as const;
				try {
					const folder = await adoptGuest(guest, member);
					audit.record({ ...event, result: "done", details: { guest: guest.userId, folder } });
					return { result: { folder }, isGuestGone: true };
				} catch (thrown) {
					audit.record({ ...event, result: codeOf(thrown), details: { guest: guest.userId } });
					throw thrown;
				}
			},
		},
	};
}

/**
 * Both are proved by the request itself: the member by the sign-in, the guest by the signed cookie that this browser got.
 * Nobody is named in the input.
 */
function bothOf({ presence, request }: Caller, authentication: Pick<Authentication, "guestOf">) {
	if (presence === null || request === null) throw new BerthError("UNAUTHENTICATED");
	const member = presence.user;
	const guest = authentication.guestOf(request);
	if (guest === null || guest.userId === member.userId || presence.method === "anonymous") {
		throw new BerthError("NOT_FOUND", { detail: "this browser has not been a guest" });
	}
	if (guest.disabledAt !== null) throw new BerthError("FORBIDDEN", { detail: "the guest's access was switched off" });
	return { guest, member };
}
