/** Memory per account, added up from `/proc`: for containers whose control groups cannot be written. */
import { readFileSync } from "node:fs";
import { ofEachProcess, sendSignal } from "../processes.ts";

type Resident = { pid: number; owner: number; bytes: number };

/** By uid, bytes. Memory that is shared between processes counts in each: an estimate from above. */
export async function memoryByOwner(): Promise<Map<number, number>> {
	const used = new Map<number, number>();
	for (const { owner, bytes } of await ofEachProcess(residentOf)) used.set(owner, (used.get(owner) ?? 0) + bytes);
	return used;
}

/** Ends the account's process that has most. False where there is none. */
export async function endLargest(uid: number): Promise<boolean> {
	const own = (await ofEachProcess(residentOf)).filter(({ owner }) => owner === uid);
	const largest = own.toSorted((one, other) => other.bytes - one.bytes)[0];
	return largest !== undefined && sendSignal(largest.pid, "SIGKILL");
}

/** What only swapping could free: anonymous and shared memory, without mapped files. */
function residentOf(pid: number): Resident | null {
	try {
		return parseResident(pid, readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return null;
	}
}

export function parseResident(pid: number, status: string): Resident {
	const number = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
	return { pid, owner: number("Uid"), bytes: (number("RssAnon") + number("RssShmem")) * 1024 };
}
