/** Limits of the users together and of each account, as the kernel keeps them in control groups. */
import { isDeepStrictEqual } from "node:util";
import { type AccountLimits, USUAL_CPU_WEIGHT } from "../../../server/protocol/account-limits.ts";
import { AGENT_GROUP, ControlGroups, type GroupFile, USERS_GROUP } from "./control-groups.ts";

/** What the operator gave the users of this container together. */
export type UsersShare = { memoryBytes: number; millicores: number; processes: number };

export type GroupUsage = {
	/** CPU time so far, ms. */
	cpuMs: number;
	memoryBytes: number;
	/** Programs that the kernel ended as the account had no memory left. */
	outOfMemory: number;
};

const FILES = {
	memory: { controller: "memory", v1: "memory.limit_in_bytes", v2: "memory.max" },
	swap: { controller: "memory", v1: "memory.memsw.limit_in_bytes", v2: "memory.swap.max" },
	memoryUsed: { controller: "memory", v1: "memory.usage_in_bytes", v2: "memory.current" },
	memoryEvents: { controller: "memory", v1: "memory.oom_control", v2: "memory.events" },
	cpu: { controller: "cpu", v1: "cpu.cfs_quota_us", v2: "cpu.max" },
	cpuPeriod: { controller: "cpu", v1: "cpu.cfs_period_us", v2: "cpu.max" },
	cpuBurst: { controller: "cpu", v1: "cpu.cfs_burst_us", v2: "cpu.max.burst" },
	cpuWeight: { controller: "cpu", v1: "cpu.shares", v2: "cpu.weight" },
	cpuUsed: { controller: "cpuacct", v1: "cpuacct.usage", v2: "cpu.stat" },
	processes: { controller: "pids", v1: "pids.max", v2: "pids.max" },
} as const satisfies Record<string, GroupFile>;

/**
 * The kernel deals time out once a period, and stops a program only at a tick, every 1 to 10 ms: who may run for 2 ms in
 * each 100 takes twice as much. So the less somebody may have, the longer is the period, up to the kernel's greatest.
 */
const LEAST_SLICE_US = 10_000;
const LEAST_PERIOD_US = 100_000;
const GREATEST_PERIOD_US = 1_000_000;
/** Against the users': the agent carries everybody's keys. */
const AGENT_WEIGHT = 1_000;
/** Version 1 counts weights from 1,024 as the usual one. */
const V1_SHARES_PER_WEIGHT = 1_024 / USUAL_CPU_WEIGHT;

export class AccountGroups {
	readonly #groups: ControlGroups;
	readonly #admitted = new Map<number, AccountLimits>();

	/** Throws where the trees cannot be written, or the kernel refuses a limit. */
	constructor(share: UsersShare, groups = new ControlGroups()) {
		this.#groups = groups;
		this.#setWeight(AGENT_GROUP, AGENT_WEIGHT);
		this.#setMemory(USERS_GROUP, share.memoryBytes);
		this.#setCpu(USERS_GROUP, share.millicores);
		this.#letSave(share.millicores);
		groups.write(USERS_GROUP, FILES.processes, String(share.processes));
	}

	/** The folders that the account's programs are to join. Throws where the kernel refuses a limit. */
	admit(uid: number, limits: AccountLimits): string[] {
		const group = groupOf(uid);
		if (!isDeepStrictEqual(this.#admitted.get(uid), limits)) {
			this.#groups.make(group);
			this.#setMemory(group, limits.memoryBytes);
			this.#setWeight(group, limits.cpuWeight);
			this.#groups.write(group, FILES.processes, String(limits.processes));
			this.#admitted.set(uid, limits);
		}
		return this.#groups.foldersOf(group);
	}

	setCpu(uid: number, millicores: number): void {
		this.#setCpu(groupOf(uid), millicores, uid);
	}

	usage(uid: number): GroupUsage {
		const group = groupOf(uid);
		const { isV2 } = this.#groups;
		const cpu = isV2 ? this.#field(group, FILES.cpuUsed, "usage_usec") / 1e3 : this.#number(group, FILES.cpuUsed) / 1e6;
		return {
			cpuMs: cpu,
			memoryBytes: this.#number(group, FILES.memoryUsed),
			outOfMemory: this.#field(group, FILES.memoryEvents, "oom_kill"),
		};
	}

	/** False where something of the account still runs. */
	release(uid: number): boolean {
		this.#admitted.delete(uid);
		return this.#groups.remove(groupOf(uid));
	}

	/** Swap would let memory go on where the limit says that it ends. Where the kernel does not count it, there is none. */
	#setMemory(group: string, bytes: number): void {
		const groups = this.#groups;
		const set = (file: GroupFile, value: number): void => {
			if (groups.has(group, file)) groups.write(group, file, String(value));
		};
		if (groups.isV2) {
			set(FILES.memory, bytes);
			set(FILES.swap, 0);
			return;
		}
		// The sum of both is never below the one: which goes first depends on whether they grow.
		try {
			set(FILES.memory, bytes);
			set(FILES.swap, bytes);
		} catch {
			set(FILES.swap, bytes);
			set(FILES.memory, bytes);
		}
	}

	#setCpu(group: string, millicores: number, uid = 0): void {
		const cores = millicores / 1000;
		const period = periodFor(cores, uid);
		const quota = Math.round(cores * period);
		if (this.#groups.isV2) {
			this.#groups.write(group, FILES.cpu, `${quota} ${period}`);
			return;
		}
		// A part must never be more than its parent has: between the two it would be.
		this.#groups.write(group, FILES.cpu, "-1");
		this.#groups.write(group, FILES.cpuPeriod, String(period));
		this.#groups.write(group, FILES.cpu, String(quota));
	}

	/**
	 * What the users leave of a period they may have in the next: accounts that are held take theirs in pieces, sometimes
	 * several at once. Kernels before 5.14 cannot.
	 */
	#letSave(millicores: number): void {
		if (!this.#groups.has(USERS_GROUP, FILES.cpuBurst)) return;
		this.#groups.write(USERS_GROUP, FILES.cpuBurst, String(Math.round((millicores / 1000) * LEAST_PERIOD_US)));
	}

	#setWeight(group: string, weight: number): void {
		const value = this.#groups.isV2 ? weight : Math.round(weight * V1_SHARES_PER_WEIGHT);
		this.#groups.write(group, FILES.cpuWeight, String(value));
	}

	#number(group: string, file: GroupFile): number {
		return Number(this.#groups.read(group, file) ?? 0);
	}

	#field(group: string, file: GroupFile, name: string): number {
		const lines = (this.#groups.read(group, file) ?? "").split("\n");
		return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? 0);
	}
}

/** Accounts with the same share have different periods: else they would all get their slices at the same moment. */
function periodFor(cores: number, uid: number): number {
	const usual = LEAST_SLICE_US / cores;
	if (usual <= LEAST_PERIOD_US) return LEAST_PERIOD_US;
	return Math.round(Math.min(GREATEST_PERIOD_US, usual * (1 + ((uid * GOLDEN_RATIO) % 1))));
}
const GOLDEN_RATIO = 0.618_034;

function groupOf(uid: number): string {
	return `${USERS_GROUP}/u${uid}`;
}
