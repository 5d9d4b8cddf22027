/** Whether `/proc` shows each user only the own processes, asked anew each time: it is remounted from outside. */
import { readFileSync } from "node:fs";

export function isProcHidden(mounts: string = readFileSync("/proc/self/mounts", "utf8")): boolean {
	const rows = mounts.split("\n").map((line) => line.split(" "));
	// The last one mounted at a place is the one that is seen.
	const options = rows.findLast(([, place, type]) => place === "/proc" && type === "proc")?.[3];
	return options !== undefined && /(^|,)hidepid=(2|invisible)(,|$)/.test(options);
}
