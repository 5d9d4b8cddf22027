/**
 * What `/proc` says of processes, and ending them. With `hidepid=2` the agent still sees all: the mount excepts group 0.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";

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

export function listPids(): number[] {
	return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** The session's processes and whatever descends from its shell, also where it has left the session. */
export function listSessionProcesses(shellPid: number): ProcessStat[] {
	const all = listPids().flatMap((pid) => readProcess(pid) ?? []);
	const found = new Set([shellPid]);
	let size: number;
	do {
		size = found.size;
		for (const { pid, parent, session } of all) if (session === shellPid || found.has(parent)) found.add(pid);
	} while (found.size > size);
	return all.filter(({ pid }) => found.has(pid));
}

export function listProcessesOf(uid: number): ProcessStat[] {
	return listPids()
		.filter((pid) => tasksOf(pid)?.owner === uid)
		.flatMap((pid) => readProcess(pid) ?? []);
}

/** Processes and threads per uid. */
export function countProcesses(): Map<number, number> {
	const counts = new Map<number, number>();
	for (const pid of listPids()) {
		const tasks = tasksOf(pid);
		if (tasks !== null) counts.set(tasks.owner, (counts.get(tasks.owner) ?? 0) + tasks.threads);
	}
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
