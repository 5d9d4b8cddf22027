/** Ends groups of processes: asked first, forced later. */
import { isAlive, listProcessesOf, listSessionProcesses, type ProcessStat, sendSignal } from "./processes.ts";

/** Long enough for an editor to save its recovery file, short enough that nobody waits for it. */
export const TERMINATION_GRACE_MS = 2_000;

/** What is to be ended. `uid` means all of the account, wherever they came from. */
export type Victims = { shellPid: number } | { uid: number };

/** Asks at once; forces those that are left, and those that came since, after the grace period. */
export function terminate(victims: Victims, graceMs = TERMINATION_GRACE_MS): NodeJS.Timeout {
	const asked = listVictims(victims);
	for (const { pid } of asked) {
		sendSignal(pid, "SIGHUP");
		// A stopped program cannot act on the first signal.
		sendSignal(pid, "SIGCONT");
	}
	return setTimeout(() => forceEnd(asked, victims), graceMs);
}

/** Programs that multiply while they are being ended need several rounds; at most this many. */
const FORCE_ROUNDS = 20;

/** Forces what is left of `asked`, and all that belong to `victims` by now. */
export function forceEnd(asked: ProcessStat[], victims: Victims): void {
	for (let round = 0; round < FORCE_ROUNDS; round += 1) {
		const left = round === 0 ? [...asked.filter(isAlive), ...listVictims(victims)] : listVictims(victims);
		if (left.length === 0) return;
		for (const { pid } of left) sendSignal(pid, "SIGKILL");
	}
}

function listVictims(victims: Victims): ProcessStat[] {
	return "uid" in victims ? listProcessesOf(victims.uid) : listSessionProcesses(victims.shellPid);
}
