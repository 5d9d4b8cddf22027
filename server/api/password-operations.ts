/** Signing in by name and password, and one's own password. */
import type { KnownDevices } from "../authenticators/known-devices.ts";
import type { PasswordAuthenticator } from "../authenticators/password.ts";
import type { AuditLog } from "../core/audit.ts";
import { doneBy } from "../core/audited.ts";
import type { Authentication } from "../core/authentication.ts";
import { nameKeyOf } from "../core/login-names.ts";
import type { Passwords } from "../core/passwords.ts";
import type { SignInAttempts } from "../core/sign-in-attempts.ts";
import type { SignIns } from "../core/sign-ins.ts";
import type { UserStore } from "../core/users.ts";
import { BerthError } from "../protocol/errors.ts";
import { type Caller, type Handlers, requestOf } from "./api.ts";
import { userIdBy } from "./user-refs.ts";

export type PasswordOperationsOptions = {
	authentication: Authentication;
	authenticator: PasswordAuthenticator;
	passwords: Passwords;
	attempts: SignInAttempts;
	devices: KnownDevices;
	users: UserStore;
	signIns: SignIns;
	audit: AuditLog;
};

type PasswordOperation = "sign-in.password" | "password.change";

export function passwordOperations(options: PasswordOperationsOptions): Pick<Handlers, PasswordOperation> {
	const { authentication, authenticator, devices, users } = options;
	return {
		"sign-in.password": {
			action: "sign-in",
			subject: () => null,
			run: async ({ name, password }, caller) => {
				const request = requestOf(caller);
				const vouched = await authenticator.authenticate({ name, password, request });
				const signIn = authentication.signIn(vouched, authenticator.method, request);
				return { result: {}, signIn, setCookie: devices.remember(request, nameKeyOf(name)) };
			},
		},
		"password.change": {
			action: "password.change",
			subject: (_input, caller) => userIdBy("me", caller, users),
			run: async ({ current, password }, caller) => {
				await changePassword({ current, password }, caller, options);
				return { result: {} };
			},
		},
	};
}

async function changePassword(
	{ current, password }: { current: string; password: string },
	caller: Caller,
	{ attempts, audit, passwords, signIns, users }: PasswordOperationsOptions,
): Promise<void> {
	const userId = userIdBy("me", caller, users);
	const account = passwords.find(userId);
	if (account === null) throw new BerthError("BAD_REQUEST", { detail: "you do not sign in by a password of ours" });
	// Who sits down at somebody's open page may not guess without end either, and locks out nobody's sign-ins by it.
	const { address = "" } = caller.request ?? {};
	const facts = { address, nameKey: nameKeyOf(account.name), deviceId: `change ${userId}`, subject: userId };
	const attempt = await attempts.begin(facts);
	const hash = await passwords.hash(password, account.name);
	const right = await passwords.verify(account, current, "known");
	const event = { ...doneBy(caller), action: "password.changed", subject: userId, details: {} } as const;
	if (right === null) {
		audit.record({ ...event, result: "WRONG_CREDENTIALS" });
		throw new BerthError("WRONG_CREDENTIALS");
	}
	// From here on nothing waits: what was found right still is.
	passwords.set(userId, hash);
	signIns.endAllOf(userId, "ended-elsewhere", doneBy(caller), caller.presence?.signInId ?? null);
	audit.record(event);
	await attempt.giveBack();
}
