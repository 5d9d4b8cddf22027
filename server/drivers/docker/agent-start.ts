/** Waits until the agent of a container that was just started can be connected to. */
import { setTimeout as sleep } from "node:timers/promises";
import { BerthError } from "../../protocol/errors.ts";
import type { AgentAccess, AgentAddress } from "./agent-access.ts";
import { lastLogLines } from "./container-log.ts";
import { type Engine, hasStatus } from "./engine.ts";
import type { PoolContainers } from "./pool-containers.ts";

export type AgentStart = {
	engine: Engine;
	containers: PoolContainers;
	access: AgentAccess;
	address: AgentAddress;
	limitMs: number;
};

/** From then on it is tried from inside as well: the socket may be there and only not be reachable from here. */
const SOCKET_GRACE_MS = 2_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

/** Throws `BerthError` CONTAINER_FAILED, with the last lines of the container's log as its cause, or ENGINE_UNREACHABLE. */
export async function awaitAgent(start: AgentStart): Promise<void> {
	const startedAt = performance.now();
	let pauseMs = FIRST_PAUSE_MS;
	for (;;) {
		const elapsedMs = performance.now() - startedAt;
		if (await isListening(start, elapsedMs)) return;
		await assertRunning(start);
		if (elapsedMs > start.limitMs) {
			throw await failure(start, `its agent did not answer within ${start.limitMs / 1000} s`);
		}
		await sleep(pauseMs);
		pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
	}
}

async function isListening({ access, address }: AgentStart, elapsedMs: number): Promise<boolean> {
	if (await access.isListeningOnSocket(address)) return true;
	if (address.folders !== null && elapsedMs < SOCKET_GRACE_MS) return false;
	try {
		return await access.isListeningInside(address);
	} catch (error) {
		// Not running (any more): its state says why.
		if (hasStatus(error, 404, 409, 500)) return false;
		throw error;
	}
}

async function assertRunning(start: AgentStart): Promise<void> {
	const state = await start.containers.find(start.address.containerId);
	if (state === null) throw await failure(start, "it was removed while it started");
	if (state.isRunning) return;
	const why = state.isOutOfMemory ? ", out of memory" : "";
	throw await failure(start, `it ended with exit code ${state.exitCode}${why}`);
}

async function failure({ engine, address }: AgentStart, what: string): Promise<BerthError> {
	const cause = await lastLogLines(engine, address.containerId);
	return new BerthError("CONTAINER_FAILED", { detail: `${address.containerName}: ${what}`, cause });
}
