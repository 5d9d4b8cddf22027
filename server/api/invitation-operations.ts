/** People who set their password by a one-time link, and operators who make such links. */
import type { KnownDevices } from "../authenticators/known-devices.ts";
import type { PasswordAuthenticator } from "../authenticators/password.ts";
import type { AuditLog } from "../core/audit.ts";
import { doneBy } from "../core/audited.ts";
import type { Authentication, NewSignIn } from "../core/authentication.ts";
import type { Invitation, Invitations } from "../core/invitations.ts";
import { nameKeyOf } from "../core/login-names.ts";
import type { PasswordAccount, Passwords } from "../core/passwords.ts";
import type { SignIns } from "../core/sign-ins.ts";
import type { UserStore } from "../core/users.ts";
import type { ParsedInput } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import { type Caller, type Handlers, requestOf } from "./api.ts";
import { userInfo } from "./user-info.ts";
import { userBy, userIdBy } from "./user-refs.ts";

export type InvitationOperationsOptions = {
	authentication: Authentication;
	authenticator: PasswordAuthenticator;
	passwords: Passwords;
	invitations: Invitations;
	devices: KnownDevices;
	users: UserStore;
	signIns: SignIns;
	audit: AuditLog;
	/** Whether there is such a tier. */
	isTier(name: string): boolean;
	/** All of the work is kept, or nothing of it. */
	atomically<T>(work: () => T): T;
};

type InvitationOperation = "invitation.look" | "invitation.accept" | "user.add" | "user.reset";

export function invitationOperations(options: InvitationOperationsOptions): Pick<Handlers, InvitationOperation> {
	const { atomically, audit, devices, invitations, isTier, passwords, signIns, users } = options;
	return {
		"invitation.look": {
			action: "sign-in",
			subject: () => null,
			run: ({ token }) => {
				const invitation = goodInvitation(token, options);
				return { result: { kind: invitation.kind, name: accountOf(invitation, passwords)?.name ?? null } };
			},
		},
		"invitation.accept": {
			action: "sign-in",
			subject: () => null,
			run: async (input, caller) => {
				const { name, signIn } = await accept(input, caller, options);
				return { result: {}, signIn, setCookie: devices.remember(requestOf(caller), nameKeyOf(name)) };
			},
		},
		"user.add": {
			action: "user.add",
			subject: () => null,
			run: ({ name, role, tier }, caller) => {
				if (tier !== null && !isTier(tier)) {
					throw new BerthError("BAD_REQUEST", { detail: `there is no tier ${tier}` });
				}
				const added = atomically(() => {
					const user = passwords.add(name, { role, tier });
					return { user, invitation: invitations.make("invitation", user.userId) };
				});
				const details = { issuer: added.user.issuer, role, tier };
				audit.record({ ...doneBy(caller), action: "user.added", subject: added.user.userId, details });
				return { result: { user: userInfo(added.user), invitation: added.invitation } };
			},
		},
		"user.reset": {
			action: "user.reset",
			subject: ({ user }, caller) => userIdBy(user, caller, users),
			run: ({ user }, caller) => {
				const { userId } = userBy(user, caller, users);
				if (passwords.find(userId) === null) {
					throw new BerthError("BAD_REQUEST", { detail: "this user does not sign in by a password of ours" });
				}
				const invitation = atomically(() => {
					passwords.reset(userId);
					return invitations.make("reset", userId);
				});
				signIns.endAllOf(userId, "ended-elsewhere", doneBy(caller));
				audit.record({ ...doneBy(caller), action: "user.reset", subject: userId, details: {} });
				return { result: { invitation } };
			},
		},
	};
}

type Accepted = { signIn: NewSignIn; name: string };

/** Sets the password of whom the link is for, and signs in. Throws `BerthError`; then the link is good still. */
async function accept(
	{ name, password, token }: ParsedInput<"invitation.accept">,
	caller: Caller,
	options: InvitationOperationsOptions,
): Promise<Accepted> {
	const { authentication, authenticator, passwords, signIns } = options;
	const request = requestOf(caller);
	// A link that is good has to be there before anything is hashed: others make no work.
	const chosen = nameBy(name, goodInvitation(token, options), options);
	const hash = await passwords.hash(password, chosen);
	const { kind, userId } = options.atomically(() => redeem({ token, name: chosen, hash }, options));
	const by = { actor: `user:${userId}`, address: request.address, result: "done" } as const;
	options.audit.record({ ...by, action: "invitation.accepted", subject: userId, details: { kind } });
	signIns.endAllOf(userId, "ended-elsewhere", by);
	const vouched = authenticator.vouchFor({ userId });
	return { signIn: authentication.signIn(vouched, authenticator.method, request), name: chosen };
}

/** Throws `BerthError` BAD_REQUEST, NAME_TAKEN or USER_DISABLED. */
function nameBy(
	given: string | null,
	invitation: Invitation,
	{ passwords, users }: InvitationOperationsOptions,
): string {
	const account = accountOf(invitation, passwords);
	if (account === null) {
		if (given === null) throw new BerthError("BAD_REQUEST", { detail: "name: choose one" });
		if (passwords.findByName(given) !== null) throw new BerthError("NAME_TAKEN");
		return given;
	}
	if (given !== null && nameKeyOf(given) !== nameKeyOf(account.name)) {
		throw new BerthError("BAD_REQUEST", { detail: "name: the link is for somebody else" });
	}
	if (users.find(account.userId)?.disabledAt !== null) throw new BerthError("USER_DISABLED");
	return account.name;
}

type Redeemed = Pick<PasswordAccount, "userId"> & { kind: Invitation["kind"] };

/** Of several who try at once one gets the link, and the others LINK_USED. */
function redeem(
	{ hash, name, token }: { token: string; name: string; hash: string },
	options: InvitationOperationsOptions,
): Redeemed {
	const { invitations, passwords } = options;
	goodInvitation(token, options);
	const invitation = invitations.take(token);
	const userId = invitation.userId ?? passwords.add(name, { role: "operator", tier: null }).userId;
	passwords.set(userId, hash);
	return { userId, kind: invitation.kind };
}

/** Throws `BerthError` LINK_USED, also where somebody else has become the first operator since. */
function goodInvitation(token: string, { invitations, users }: InvitationOperationsOptions): Invitation {
	const invitation = invitations.find(token);
	if (invitation.kind === "first-operator" && users.hasOperator()) throw new BerthError("LINK_USED");
	return invitation;
}

function accountOf({ userId }: Invitation, passwords: Passwords): PasswordAccount | null {
	return userId === null ? null : passwords.find(userId);
}
