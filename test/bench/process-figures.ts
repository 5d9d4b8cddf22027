/** What Linux says of processes: memory and CPU time. */
import { readdirSync, readFileSync } from "node:fs";

/** `USER_HZ`: Linux shows CPU time to programs in hundredths of a second on all common architectures. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** Resident memory, bytes: all of it, and the part that no file stands behind. */
export function memoryOf(pid: number): { resident: number; anonymous: number } {
	const status = readFileSync(`/proc/${pid}/status`, "utf8");
	return { resident: fieldOf(status, "VmRSS"), anonymous: fieldOf(status, "RssAnon") };
}

/** User and system time so far, seconds. */
export function cpuSecondsOf(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	// The second field is the name, which may contain spaces, in parentheses.
	const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
	return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND;
}
/** Counted from the third field on. */
const UTIME = 11;
const STIME = 12;

/** Processes of the engine: its daemons, and one shim for each of these containers. */
export function enginePids(containerIds: readonly string[]): number[] {
	return allPids().filter((pid) => {
		const args = argumentsOf(pid);
		const name = args[0]?.split("/").at(-1) ?? "";
		if (name === "dockerd" || name === "containerd") return true;
		return name.startsWith("containerd-shim") && containerIds.some((id) => args.includes(id));
	});
}

export function parentOf(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
	return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Children of a process, in no order. */
export function childrenOf(pid: number): number[] {
	return allPids().filter((each) => {
		try {
			return parentOf(each) === pid;
		} catch {
			// It has ended meanwhile.
			return false;
		}
	});
}

function allPids(): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number);
}

function argumentsOf(pid: number): string[] {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
	} catch {
		return [];
	}
}

function fieldOf(status: string, name: string): number {
	const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status) ?? [];
	if (kib === undefined) throw new Error(`the kernel does not say ${name}`);
	return Number(kib) * KIB;
}
