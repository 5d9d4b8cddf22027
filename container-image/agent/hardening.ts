/**
 * Whether the container keeps its users apart, as it looks from inside. Asked anew each time: `/proc` is remounted from
 * outside, after the agent has started.
 */
import { readFileSync } from "node:fs";

/** CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID, SETPCAP: all that the agent needs. */
const EXPECTED_CAPABILITIES = 0x1ebn;

/** What is not as it must be, for the log; empty where all is well. */
export function weaknesses(
	mounts: string = readFileSync("/proc/self/mounts", "utf8"),
	status: string = readFileSync("/proc/self/status", "utf8"),
): string[] {
	const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1] ?? "";
	const excess = BigInt(`0x${field("CapBnd") || "0"}`) & ~EXPECTED_CAPABILITIES;
	return [
		...(isProcHidden(mounts) ? [] : ["/proc shows everybody's processes"]),
		...(mountOptions(mounts, "/", () => true).includes("ro") ? [] : ["the root file system can be written"]),
		...(field("NoNewPrivs") === "1" ? [] : ["programs may gain rights"]),
		...(field("Seccomp") === "2" ? [] : ["system calls are not filtered"]),
		...(excess === 0n ? [] : [`it has capabilities that it does not need: ${excess.toString(16)}`]),
	];
}

export function isProcHidden(mounts: string): boolean {
	const options = mountOptions(mounts, "/proc", (type) => type === "proc");
	return options.includes("hidepid=2") || options.includes("hidepid=invisible");
}

/** The last one mounted at a place is the one that is seen. */
function mountOptions(mounts: string, place: string, isType: (type: string) => boolean): string[] {
	const rows = mounts.split("\n").map((line) => line.split(" "));
	const found = rows.findLast(([, target, type = ""]) => target === place && isType(type));
	return found?.[3]?.split(",") ?? [];
}
