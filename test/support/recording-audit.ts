import type { AuditEvent, AuditLog } from "../../server/core/audit.ts";

/** Keeps what is recorded, for a test to look at. */
export class RecordingAudit implements AuditLog {
	readonly events: AuditEvent[] = [];

	record(event: AuditEvent): void {
		this.events.push(event);
	}
}
