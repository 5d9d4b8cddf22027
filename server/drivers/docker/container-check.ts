/**
 * Whether a container has what its specification says, as the engine tells it now. The specification's hash is a label and
 * says only what the container was once made from: `docker update` changes limits, and an engine may leave out what it
 * does not support.
 */
import type { HostConfig } from "dockerode";
import { AGENT_CAPABILITIES, type ContainerSpec } from "./container-spec.ts";

type Check = { what: string; isMet(actual: HostConfig, wanted: HostConfig): boolean };

const same = (key: keyof HostConfig): Check => ({
	what: key,
	isMet: (actual, wanted) => JSON.stringify(actual[key] ?? null) === JSON.stringify(wanted[key] ?? null),
});

/** What would open the container to its host or to others; empty in one of ours. */
const absent = (key: keyof HostConfig): Check => ({
	what: key,
	isMet: (actual) => isNothing(actual[key]),
});

const CHECKS: readonly Check[] = [
	{ what: "CapDrop", isMet: ({ CapDrop }) => CapDrop?.includes("ALL") === true },
	{ what: "CapAdd", isMet: ({ CapAdd }) => capabilities(CapAdd) === capabilities(AGENT_CAPABILITIES) },
	{ what: "Tmpfs", isMet: (actual, wanted) => pairs(actual.Tmpfs) === pairs(wanted.Tmpfs) },
	{ what: "Mounts", isMet: (actual, wanted) => targets(actual) === targets(wanted) },
	{ what: "Runtime", isMet: (actual, wanted) => wanted.Runtime === undefined || actual.Runtime === wanted.Runtime },
	...(
		["SecurityOpt", "ReadonlyRootfs", "IpcMode", "Memory", "MemorySwap", "CpuPeriod", "CpuQuota", "PidsLimit"] as const
	).map(same),
	...(["Privileged", "PidMode", "UTSMode", "Devices", "DeviceRequests", "Binds", "VolumesFrom"] as const).map(absent),
	...(["DeviceCgroupRules", "GroupAdd", "Sysctls", "NanoCpus", "OomKillDisable", "Links"] as const).map(absent),
];

/** Names of what deviates, e.g. `Memory`. */
export function deviationsOf({ create }: ContainerSpec, actual: HostConfig): string[] {
	const wanted = create.HostConfig ?? {};
	return CHECKS.filter(({ isMet }) => !isMet(actual, wanted)).map(({ what }) => what);
}

function isNothing(value: unknown): boolean {
	if (value === undefined || value === null || value === "" || value === false || value === 0) return true;
	return typeof value === "object" && Object.keys(value).length === 0;
}

/** Engines differ in whether they write `CAP_`. */
function capabilities(names: readonly string[] | null | undefined): string {
	return (names ?? [])
		.map((name) => name.replace(/^CAP_/, ""))
		.toSorted()
		.join(" ");
}

function pairs(values: Record<string, string> | null | undefined): string {
	return JSON.stringify(Object.entries(values ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function targets({ Mounts }: HostConfig): string {
	return JSON.stringify(
		(Mounts ?? []).map(({ Type, Source, Target, ReadOnly = false }) => [Type, Source, Target, ReadOnly]),
	);
}
