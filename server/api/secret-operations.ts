/** Secrets of users' shells: set, listed by name, removed. There is no operation that gives a value back. */
import type { AuditLog } from "../core/audit.ts";
import { doneBy } from "../core/audited.ts";
import { nameOfActor } from "../core/rights.ts";
import type { SecretStore } from "../core/secrets.ts";
import type { UserStore } from "../core/users.ts";
import type { UserRef } from "../protocol/api.ts";
import { BerthError } from "../protocol/errors.ts";
import type { UserId } from "../protocol/ids.ts";
import { VariableName } from "../protocol/secret-names.ts";
import type { SecretChange } from "../protocol/terminal.ts";
import type { Caller, Handlers } from "./api.ts";
import { userIdBy } from "./user-refs.ts";

export type SecretOperationsOptions = {
	secrets: SecretStore;
	users: UserStore;
	audit: AuditLog;
	/** New shells of this user have other secrets now; those that run do not. */
	onSecretChanged(userId: UserId, change: SecretChange): void;
};

type SecretOperation = "secret.list" | "secret.set" | "secret.remove" | "secrets.rotate";

export function secretOperations(options: SecretOperationsOptions): Pick<Handlers, SecretOperation> {
	const { audit, onSecretChanged, secrets, users } = options;
	const subject = ({ user }: { user: UserRef }, caller: Caller): UserId => userIdBy(user, caller, users);
	return {
		"secret.list": {
			action: "secret.list",
			subject,
			run: async (input, caller) => {
				const all = await secrets.list(subject(input, caller));
				// Whoever else writes to the store may use names that no shell could have.
				return { result: { secrets: all.filter(({ name }) => VariableName.safeParse(name).success) } };
			},
		},
		"secret.set": {
			action: "secret.set",
			subject,
			run: async (input, caller) => {
				const { name, value } = input;
				const userId = subject(input, caller);
				await secrets.set(userId, { name, value }, nameOfActor(caller.actor));
				audit.record({ ...doneBy(caller), action: "secret.set", subject: userId, details: { name } });
				onSecretChanged(userId, { kind: "set", name });
				return { result: {} };
			},
		},
		"secret.remove": {
			action: "secret.remove",
			subject,
			run: async (input, caller) => {
				const { name } = input;
				const userId = subject(input, caller);
				if (!(await secrets.remove(userId, name))) throw new BerthError("NOT_FOUND", { detail: "no such secret" });
				audit.record({ ...doneBy(caller), action: "secret.removed", subject: userId, details: { name } });
				onSecretChanged(userId, { kind: "removed", name });
				return { result: {} };
			},
		},
		"secrets.rotate": {
			action: "secrets.rotate",
			subject: () => null,
			run: async (_input, caller) => {
				const rotation = await secrets.rotateKeys();
				const { keyId, secrets: count, unreadable } = rotation;
				const details = { keyId, secrets: count, unreadable };
				audit.record({ ...doneBy(caller), action: "secrets.rotated", subject: null, details });
				return { result: { ...rotation, unneededKeys: [...rotation.unneededKeys] } };
			},
		},
	};
}
