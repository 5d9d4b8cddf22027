/**
 * What `/proc` says of processes, and ending them. With `hidepid=2` the agent still sees all: the mount excepts group 0.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

export type ProcessStat = {
	pid: number;
	parent: number;
	/** Session: the pid of the shell that began it. */
	session: number;
	/** Foreground process group of its terminal; -1 where it has none. */
	foreground: number;
	/** Clock ticks since boot. With the pid it identifies a process: pids are used again. */
	startedAt: number;
};

/** Null where there is no such process, and where nothing is left of it but an exit status that nobody has fetched. */
export function readProcess(pid: number): ProcessStat | null {
	try {
		return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
	} catch {
		return null;
	}
}

const ENDED_STATES = new Set(["Z", "X"]);

/** The name in the second field is the program's to choose, and may hold spaces and brackets: the last one ends it. */
export function parseStat(line: string): ProcessStat | null {
	const pid = Number.parseInt(line, 10);
	const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
	const [parent, session, foreground, startedAt] = [fields[1], fields[3], fields[5], fields[19]].map(Number);
	if (ENDED_STATES.has(fields[0] ?? "")) return null;
	if (parent === undefined || session === undefined || foreground === undefined || startedAt === undefined) return null;
	const stat = { pid, parent, session, foreground, startedAt };
	return Object.values(stat).every(Number.isInteger) ? stat : null;
}

/** Processes looked at before others get their turn: looking at a thousand takes tens of milliseconds. */
const SLICE = 50;

/** Asks `look` of every process, and collects what it knows. */
export async function ofEachProcess<Found>(look: (pid: number) => Found | null): Promise<Found[]> {
	const found: Found[] = [];
	const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
	for (const [index, pid] of pids.entries()) {
		if (index % SLICE === SLICE - 1) await nextTurn();
		const known = look(pid);
		if (known !== null) found.push(known);
	}
	return found;
}

/** A session's shell. */
export type ShellProcess = {
	pid: number;
	startedAt: number;
	/** Whose processes alone can belong to the session; null where accounts are not kept apart. */
	owner: number | null;
};

/**
 * The session's processes and whatever descends from its shell, also where it has left the session. After the shell's
 * end its number may come to be somebody else's: then it names nothing here.
 */
export async function listSessionProcesses({ pid: shellPid, startedAt, owner }: ShellProcess): Promise<ProcessStat[]> {
	const everybody = await ofEachProcess(readProcess);
	const isTaken = everybody.some((each) => each.pid === shellPid && each.startedAt !== startedAt);
	const all = everybody.filter(({ pid }) => !isTaken || pid !== shellPid);
	const found = new Set<number>();
	let size: number;
	do {
		size = found.size;
		for (const { pid, parent, session } of all) {
			if (pid === shellPid || found.has(parent) || (session === shellPid && !isTaken)) found.add(pid);
		}
	} while (found.size > size);
	// Before it has become the account's, the shell is root's.
	const isOwn = (pid: number): boolean => owner === null || pid === shellPid || tasksOf(pid)?.owner === owner;
	return all.filter(({ pid }) => found.has(pid) && isOwn(pid));
}

export async function listProcessesOf(uid: number): Promise<ProcessStat[]> {
	return await ofEachProcess((pid) => (tasksOf(pid)?.owner === uid ? readProcess(pid) : null));
}

/** Processes and threads per uid. */
export async function countProcesses(): Promise<Map<number, number>> {
	const counts = new Map<number, number>();
	for (const { owner, threads } of await ofEachProcess(tasksOf)) counts.set(owner, (counts.get(owner) ?? 0) + threads);
	return counts;
}

/** Whether this very process still runs. */
export function isAlive({ pid, startedAt }: ProcessStat): boolean {
	return readProcess(pid)?.startedAt === startedAt;
}

/** A negative pid means a group. False where there is nothing to signal any more. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
	try {
		return process.kill(pid, signal);
	} catch {
		return false;
	}
}

/** One look at the folder of a process's threads tells both: it has a link from each, and two of its own. */
function tasksOf(pid: number): { owner: number; threads: number } | null {
	try {
		const { uid, nlink } = statSync(`/proc/${pid}/task`);
		return { owner: uid, threads: Math.max(1, nlink - 2) };
	} catch {
		return null;
	}
}
