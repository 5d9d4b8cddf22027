/** What one account may use, as the gateway tells the agent. */
import { z } from "zod";

const count = (most: number) => z.number().int().min(1).max(most);
const bytes = z.number().int().positive();
const milliseconds = z.number().int().positive();

/** Weight of an account that is like all others. */
export const USUAL_CPU_WEIGHT = 100;

export const AccountLimits = z.object({
	/** Sessions running at once. */
	sessions: count(1_000),
	/** Processes and threads of all its sessions. */
	processes: count(4_194_304),
	/** Of each process. */
	openFiles: count(1_048_576),
	/** Largest file that can be written. */
	fileBytes: bytes,
	/** Memory of all its processes, what is in its files in `/tmp` included. */
	memoryBytes: bytes,
	/** Its home on the volume. */
	diskBytes: bytes,
	/** Share of CPU time where not everybody can have what they want: 200 gets twice as much as 100. */
	cpuWeight: count(10_000),
	/** A session without input and output for this long is ended. */
	sessionIdleMs: milliseconds,
	/** A session that no page looks at for this long is ended. */
	sessionDetachedMs: milliseconds,
});
/** An account's files on the volume, bytes. `limitBytes` is null where there is no limit. */
export const DiskState = z.object({ usedBytes: z.number().min(0), limitBytes: bytes.nullable() });
export type DiskState = z.infer<typeof DiskState>;

export type AccountLimits = z.infer<typeof AccountLimits>;
