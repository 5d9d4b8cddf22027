/** Ends groups of processes: asked first, forced later. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { launchCommand, SYSTEM_PATH } from "./launch.ts";
import {
	isAlive,
	listProcessesOf,
	listSessionProcesses,
	type ProcessStat,
	type ShellProcess,
	sendSignal,
} from "./processes.ts";

/** Long enough for an editor to save its recovery file, short enough that nobody waits for it. */
const GRACE_MS = 2_000;
/** Programs that multiply while they are being ended need several rounds; at most this many. */
const FORCE_ROUNDS = 20;

/** So many times one after the other is enough for all that do not. */
const ALL_AT_ONCE_FROM = 2;
const KILL_LIMIT_MS = 5_000;

/**
 * What is to be ended. `uid` means all of the account, wherever they came from, unless `isSpared` says that the account
 * has begun something new meanwhile.
 */
export type Victims = { shell: ShellProcess } | { uid: number; isSpared?(): boolean };

export class Terminator {
	readonly #running = new Set<Promise<void>>();
	readonly #hurry = new AbortController();

	/**
	 * Asks at once; forces those that are left, and those that came since, after the grace period. The promise is fulfilled
	 * once that was done.
	 */
	begin(victims: Victims): Promise<void> {
		const ending = end(victims, this.#hurry.signal).finally(() => this.#running.delete(ending));
		this.#running.add(ending);
		return ending;
	}

	/** Cuts all grace periods short, and waits until everything was forced. */
	async finish(): Promise<void> {
		this.#hurry.abort();
		await Promise.all(this.#running);
	}
}

async function end(victims: Victims, hurry: AbortSignal): Promise<void> {
	const asked = await listVictims(victims);
	for (const { pid } of asked) {
		sendSignal(pid, "SIGHUP");
		// A stopped program cannot act on the first signal.
		sendSignal(pid, "SIGCONT");
	}
	if (asked.length > 0) await sleep(GRACE_MS, undefined, { signal: hurry }).catch(() => {});
	let left = [...asked.filter(isAlive), ...(await listVictims(victims))];
	for (let round = 0; round < FORCE_ROUNDS && left.length > 0; round += 1) {
		for (const { pid } of left) sendSignal(pid, "SIGKILL");
		// Programs that multiply faster than they can be listed.
		if ("uid" in victims && round >= ALL_AT_ONCE_FROM && !victims.isSpared?.()) await killAllOf(victims.uid);
		left = await listVictims(victims);
	}
}

/** The kernel signals all that the sender may signal in one step, in which nothing is forked; so the account sends it. */
async function killAllOf(uid: number): Promise<void> {
	const { file, args } = launchCommand({ program: ["/bin/sh", "-c", "kill -KILL -1"], uid });
	const options = { env: { PATH: SYSTEM_PATH }, cwd: "/", timeout: KILL_LIMIT_MS, killSignal: "SIGKILL" } as const;
	await new Promise<void>((resolve) => {
		execFile(file, args, options, () => resolve());
	});
}

async function listVictims(victims: Victims): Promise<ProcessStat[]> {
	if ("shell" in victims) return await listSessionProcesses(victims.shell);
	const found = await listProcessesOf(victims.uid);
	return victims.isSpared?.() ? [] : found;
}
