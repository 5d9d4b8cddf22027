import type { AuditEvent, AuditLog } from "../../server/core/audit.ts";

/** Keeps what is written down, for a test to look at. */
export class RecordingAudit implements AuditLog {
	readonly events: AuditEvent[] = [];

	record(event: AuditEvent): void {
		this.events.push(event);
	}

	/** Actions and results, in order. */
	get told(): string[] {
		return this.events.map(({ action, result }) => `${action} ${result}`);
	}
}
