/** What the benchmark asks a gateway that has the probe: one request and one answer per connection, as JSON. */

/** In the gateway's `DATA_DIR`. */
export const PROBE_SOCKET = "probe.sock";

/** Each answers with the memory, `memory` after all garbage was collected. */
export type ProbeRequest =
	| { op: "pid" }
	| { op: "memory" }
	| { op: "profile-start" }
	/** Writes what was recorded since then to `path`, for Chromium's or VS Code's profiler. */
	| { op: "profile-stop"; path: string };

export type ProbeAnswer = { pid: number; memory: NodeJS.MemoryUsage };
