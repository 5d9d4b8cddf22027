/** What `/readyz` says: whether somebody who came now would get a shell. */
import type { EngineState } from "./pool/pool.ts";
import type { SlotState } from "./pool/slot.ts";

export type Readiness = {
	isReady: boolean;
	status: "ready" | "starting" | "engine-down" | "failing";
	engine: EngineState["kind"];
	containers: { ready: number; wanted: number };
};

export function readinessOf(engine: EngineState, states: readonly SlotState[]): Readiness {
	const ready = states.filter(({ kind }) => kind === "ready").length;
	const status = statusOf(engine, states, ready);
	return { isReady: status === "ready", status, engine: engine.kind, containers: { ready, wanted: states.length } };
}

function statusOf(engine: EngineState, states: readonly SlotState[], ready: number): Readiness["status"] {
	if (engine.kind === "down") return "engine-down";
	if (ready > 0) return "ready";
	const failures = states.flatMap((state) => (state.kind === "failed" ? [state.error.code] : []));
	// Whoever starts a container may notice before the watch does.
	if (failures.includes("ENGINE_UNREACHABLE")) return "engine-down";
	return failures.length > 0 ? "failing" : "starting";
}
