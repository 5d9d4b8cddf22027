/** What operators do with users. */
import type { AuditLog } from "../core/audit.ts";
import { doneBy } from "../core/audited.ts";
import type { SignIns } from "../core/sign-ins.ts";
import type { UserStore } from "../core/users.ts";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import type { Handlers } from "./api.ts";
import { userInfo } from "./user-info.ts";
import { userBy, userIdBy } from "./user-refs.ts";

export type UserOperationsOptions = {
	users: UserStore;
	signIns: SignIns;
	audit: AuditLog;
	/** Whether there is such a tier. */
	isTier(name: string): boolean;
	/** A user's tier is another one now: what runs keeps to it from here on. */
	onTierChanged(userId: UserId): void;
	/** A user's access was switched off: pages are let go of, sessions end. */
	onDisabled(userId: UserId): void;
};

type UserOperation = "user.list" | "user.read" | "user.register" | "user.change";

export function userOperations(options: UserOperationsOptions): Pick<Handlers, UserOperation> {
	const { audit, isTier, onDisabled, onTierChanged, signIns, users } = options;
	return {
		"user.list": {
			action: "user.list",
			subject: () => null,
			run: ({ after, limit, search }) => {
				const found = users.list({ after, limit, search });
				const next = found.length < limit ? null : (found.at(-1)?.userId ?? null);
				return { result: { users: found.map(userInfo), next } };
			},
		},
		"user.read": {
			action: "account.read",
			subject: ({ user }, caller) => userIdBy(user, caller, users),
			run: ({ user }, caller) => ({ result: { user: userInfo(userBy(user, caller, users)) } }),
		},
		"user.register": {
			action: "user.add",
			subject: () => null,
			run: (identity, caller) => {
				const user = users.remember(identity, Date.now());
				const { issuer, userId } = user;
				audit.record({ ...doneBy(caller), action: "user.added", subject: userId, details: { issuer } });
				return { result: { user: userInfo(user) } };
			},
		},
		"user.change": {
			action: "user.change",
			subject: ({ user }, caller) => userIdBy(user, caller, users),
			run: ({ user: ref, isDisabled, ...given }, caller) => {
				const { disabledAt, userId } = userBy(ref, caller, users);
				if (typeof given.tier === "string" && !isTier(given.tier)) {
					throw new BerthError("BAD_REQUEST", { detail: `there is no tier ${given.tier}` });
				}
				const change = whatIsSaid({ ...given, disabledAt: disabledAtBy(isDisabled, disabledAt) });
				const user = users.change(userId, change);
				if (user === null) throw new BerthError("USER_NOT_FOUND");
				const details = whatIsSaid({ ...given, isDisabled });
				audit.record({ ...doneBy(caller), action: "user.changed", subject: userId, details });
				if (given.tier !== undefined) onTierChanged(userId);
				if (isDisabled === true) {
					signIns.endAllOf(userId, "disabled", doneBy(caller));
					onDisabled(userId);
				}
				return { result: { user: userInfo(user) } };
			},
		},
	};
}

/** Since when, for who is switched off; undefined where nothing is said of it. */
function disabledAtBy(isDisabled: boolean | undefined, disabledAt: number | null): number | null | undefined {
	if (isDisabled === undefined) return undefined;
	return isDisabled ? (disabledAt ?? Date.now()) : null;
}

type Said<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Without the fields that are undefined. */
function whatIsSaid<Fields extends object>(fields: Fields): Said<Fields> {
	return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Said<Fields>;
}
