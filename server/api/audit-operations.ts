/** Reading the audit log. Nobody writes to it from outside. */
import type { AuditTrail } from "../core/audit.ts";
import type { Handlers } from "./api.ts";

type AuditOperation = "audit.list" | "audit.verify";

export function auditOperations({ audit }: { audit: AuditTrail }): Pick<Handlers, AuditOperation> {
	const action = "audit.read";
	const subject = (): null => null;
	return {
		"audit.list": {
			action,
			subject,
			run: ({ after, limit }) => {
				const lines = audit.read(after, limit);
				const next = lines.length < limit ? null : (lines.at(-1)?.seq ?? null);
				return { result: { lines, next, last: audit.head() } };
			},
		},
		"audit.verify": { action, subject, run: async () => ({ result: await audit.verify() }) },
	};
}
