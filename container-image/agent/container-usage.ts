/** Limits of the container and what is used of them, from its control groups (version 1 and 2). */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { USERS_GROUP } from "./limits/control-groups.ts";

/** Null: no limit, or not known. */
export type ContainerUsage = {
	memoryLimitBytes: number | null;
	/** Without the file cache that the kernel would give up. */
	memoryUsedBytes: number | null;
	cpuLimitMillicores: number | null;
	/** Mean since the sample before. */
	cpuUsedMillicores: number | null;
	/** Processes and threads. */
	processesLimit: number | null;
	processesUsed: number | null;
};

export const UNKNOWN_USAGE: ContainerUsage = {
	memoryLimitBytes: null,
	memoryUsedBytes: null,
	cpuLimitMillicores: null,
	cpuUsedMillicores: null,
	processesLimit: null,
	processesUsed: null,
};

/** Version 1 says "no limit" with the largest page-aligned number. */
const NO_MEMORY_LIMIT = 2 ** 60;

export class ContainerMeter {
	readonly #root: string;
	readonly #isV2: boolean;
	/** Where the users' programs have a group of their own, that is what is shown. */
	#group = "";
	#last: { cpuMs: number; at: number } | null = null;

	constructor(root = "/sys/fs/cgroup") {
		this.#root = root;
		this.#isV2 = existsSync(join(root, "cgroup.controllers"));
	}

	sample(): ContainerUsage {
		this.#group = existsSync(join(this.#root, this.#isV2 ? "" : "memory", USERS_GROUP)) ? USERS_GROUP : "";
		const { memoryLimitBytes, memoryUsedBytes } = this.#isV2 ? this.#memoryV2() : this.#memoryV1();
		const isUnlimited = memoryLimitBytes !== null && memoryLimitBytes >= NO_MEMORY_LIMIT;
		return {
			memoryLimitBytes: isUnlimited ? null : memoryLimitBytes,
			memoryUsedBytes,
			cpuLimitMillicores: this.#isV2 ? this.#cpuLimitV2() : this.#cpuLimitV1(),
			cpuUsedMillicores: this.#cpuUsed(),
			processesLimit: this.#number(this.#isV2 ? "pids.max" : "pids/pids.max"),
			processesUsed: this.#number(this.#isV2 ? "pids.current" : "pids/pids.current"),
		};
	}

	#memoryV2(): Pick<ContainerUsage, "memoryLimitBytes" | "memoryUsedBytes"> {
		const cache = this.#field("memory.stat", "inactive_file");
		return {
			memoryLimitBytes: this.#number("memory.max"),
			memoryUsedBytes: less(this.#number("memory.current"), cache),
		};
	}

	#memoryV1(): Pick<ContainerUsage, "memoryLimitBytes" | "memoryUsedBytes"> {
		const cache = this.#field("memory/memory.stat", "total_inactive_file");
		const used = this.#number("memory/memory.usage_in_bytes");
		return { memoryLimitBytes: this.#number("memory/memory.limit_in_bytes"), memoryUsedBytes: less(used, cache) };
	}

	#cpuLimitV2(): number | null {
		const [quota, period] = (this.#text("cpu.max") ?? "").split(" ").map(Number);
		return millicores(quota, period);
	}

	#cpuLimitV1(): number | null {
		const quota = this.#number("cpu/cpu.cfs_quota_us");
		return millicores(quota ?? undefined, this.#number("cpu/cpu.cfs_period_us") ?? undefined);
	}

	#cpuUsed(): number | null {
		const cpuMs = this.#cpuTimeMs();
		const at = performance.now();
		const last = this.#last;
		this.#last = cpuMs === null ? null : { cpuMs, at };
		if (cpuMs === null || last === null || at <= last.at) return null;
		return Math.max(0, Math.round(((cpuMs - last.cpuMs) / (at - last.at)) * 1000));
	}

	#cpuTimeMs(): number | null {
		if (this.#isV2) {
			const microseconds = this.#field("cpu.stat", "usage_usec");
			return microseconds === null ? null : microseconds / 1e3;
		}
		const nanoseconds = this.#number("cpuacct/cpuacct.usage");
		return nanoseconds === null ? null : nanoseconds / 1e6;
	}

	#number(file: string): number | null {
		const value = Number.parseInt(this.#text(file) ?? "", 10);
		return Number.isNaN(value) ? null : value;
	}

	#field(file: string, name: string): number | null {
		const line = (this.#text(file) ?? "").split("\n").find((candidate) => candidate.startsWith(`${name} `));
		return line === undefined ? null : Number(line.slice(name.length + 1));
	}

	/** Null where there is no such file: local mode, or a controller that is not mounted. */
	#text(file: string): string | null {
		try {
			const controller = this.#isV2 ? "" : dirname(file);
			return readFileSync(join(this.#root, controller, this.#group, basename(file)), "utf8").trim();
		} catch {
			return null;
		}
	}
}

/** A quota that is no positive number means that there is none. */
function millicores(quota: number | undefined, period: number | undefined): number | null {
	if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) return null;
	return Math.round((quota / period) * 1000);
}

function less(total: number | null, part: number | null): number | null {
	return total === null ? null : Math.max(0, total - (part ?? 0));
}
