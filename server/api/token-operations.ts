/** The API's own tokens. */
import type { ApiTokens } from "../core/api-tokens.ts";
import type { AuditLog } from "../core/audit.ts";
import { doneBy } from "../core/audited.ts";
import { nameOfActor } from "../core/rights.ts";
import { BerthError } from "../protocol/errors.ts";
import type { Handlers } from "./api.ts";

type TokenOperation = "token.list" | "token.add" | "token.revoke";

export function tokenOperations({
	audit,
	tokens,
}: {
	audit: AuditLog;
	tokens: ApiTokens;
}): Pick<Handlers, TokenOperation> {
	const action = "token.manage";
	const subject = (): null => null;
	return {
		"token.list": { action, subject, run: () => ({ result: { tokens: tokens.list() } }) },
		"token.add": {
			action,
			subject,
			run: ({ name }, caller) => {
				const token = tokens.add(name, nameOfActor(caller.actor));
				audit.record({ ...doneBy(caller), action: "token.added", subject: name, details: {} });
				return { result: { token } };
			},
		},
		"token.revoke": {
			action,
			subject,
			run: ({ name }, caller) => {
				if (!tokens.revoke(name)) throw new BerthError("NOT_FOUND", { detail: "no such token" });
				audit.record({ ...doneBy(caller), action: "token.revoked", subject: name, details: {} });
				return { result: {} };
			},
		},
	};
}
