/** What somebody may ask of their own account, and operators of anybody's: who, where signed in, sign out. */

import { doneBy } from "../core/audited.ts";
import type { Authentication } from "../core/authentication.ts";
import type { SignIn, SignIns } from "../core/sign-ins.ts";
import type { UserStore } from "../core/users.ts";
import type { MethodInfo, UserRef } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import type { SignInMethod } from "../protocol/sign-in.ts";
import type { Caller, Handlers } from "./api.ts";
import { signInInfo, userInfo } from "./user-info.ts";
import { userIdBy } from "./user-refs.ts";

export type AccountOperationsOptions = {
	authentication: Authentication;
	signIns: SignIns;
	users: UserStore;
	/** The ways in that are on. */
	methods: readonly MethodInfo[];
	/**
	 * Where to sign out at whoever vouched as well; null where there is no such place. There is no sign-in where each
	 * request proves somebody anew.
	 */
	signOutAddress(method: SignInMethod, signIn: SignIn | null): Promise<string | null>;
};

type AccountOperation = "account.read" | "sign-in.leave" | "sign-in.list" | "sign-in.end" | "sign-in.end-others";

export function accountOperations(options: AccountOperationsOptions): Pick<Handlers, AccountOperation> {
	const { authentication, methods, signIns, signOutAddress, users } = options;
	const named = ({ user }: { user: UserRef }, caller: Caller) => userIdBy(user, caller, users);
	return {
		"account.read": {
			action: "sign-in",
			subject: () => null,
			run: (_input, { presence, request }) => {
				const guest = request === null ? null : authentication.guestOf(request);
				return {
					result: {
						user: presence === null ? null : userInfo(presence.user),
						method: presence?.method ?? null,
						signInId: presence?.signInId ?? null,
						methods: [...methods],
						hasGuestFiles: presence !== null && guest !== null && guest.userId !== presence.user.userId,
					},
				};
			},
		},
		"sign-in.leave": {
			action: "sign-in.end",
			subject: (_input, caller) => userIdBy("me", caller, users),
			run: async (_input, caller) => {
				const { method = null, signInId = null } = caller.presence ?? {};
				const [signIn = null] = signInId === null ? [] : signIns.end([signInId], "signed-out", doneBy(caller));
				const continueAt = method === null ? null : await signOutAddress(method, signIn);
				return { result: { continueAt }, isSignedOut: true };
			},
		},
		"sign-in.list": {
			action: "sign-in.list",
			subject: named,
			run: (input, caller) => {
				const current = caller.presence?.signInId ?? null;
				return { result: { signIns: signIns.listOf(named(input, caller)).map((each) => signInInfo(each, current)) } };
			},
		},
		"sign-in.end": {
			action: "sign-in.end",
			subject: named,
			run: (input, caller) => {
				const isOne = signIns.listOf(named(input, caller)).some(({ signInId }) => signInId === input.signInId);
				if (!isOne) throw new BerthError("SIGN_IN_NOT_FOUND");
				signIns.end([input.signInId], "ended-elsewhere", doneBy(caller));
				return { result: {} };
			},
		},
		"sign-in.end-others": {
			action: "sign-in.end",
			subject: named,
			run: (input, caller) => {
				const current = caller.presence?.signInId ?? null;
				const ended = signIns.endAllOf(named(input, caller), "ended-elsewhere", doneBy(caller), current);
				return { result: { ended: ended.length } };
			},
		},
	};
}
