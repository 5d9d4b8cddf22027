import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { ContainerMeter, UNKNOWN_USAGE } from "../../container-image/agent/container-usage.ts";

/** A folder with these files, as the kernel would show them. */
async function withFiles(files: Record<string, string>, run: (root: string) => Promise<void>): Promise<void> {
	const root = await mkdtemp(join(tmpdir(), "berth-cgroup-"));
	try {
		for (const [name, text] of Object.entries(files)) {
			await mkdir(dirname(join(root, name)), { recursive: true });
			await writeFile(join(root, name), text);
		}
		await run(root);
	} finally {
		await rm(root, { recursive: true });
	}
}

const V1 = {
	"memory/memory.limit_in_bytes": "536870912\n",
	"memory/memory.usage_in_bytes": "200000000\n",
	"memory/memory.stat": "cache 1\ninactive_file 5\ntotal_inactive_file 50000000\n",
	"cpu/cpu.cfs_quota_us": "50000\n",
	"cpu/cpu.cfs_period_us": "100000\n",
	"cpuacct/cpuacct.usage": "1000000000\n",
	"pids/pids.max": "1024\n",
	"pids/pids.current": "17\n",
};

const V2 = {
	"cgroup.controllers": "cpu memory pids\n",
	"memory.max": "536870912\n",
	"memory.current": "200000000\n",
	"memory.stat": "anon 1\ninactive_file 50000000\n",
	"cpu.max": "50000 100000\n",
	"cpu.stat": "usage_usec 1000000\nuser_usec 1\n",
	"pids.max": "1024\n",
	"pids.current": "17\n",
};

const LIMITED = {
	memoryLimitBytes: 536_870_912,
	memoryUsedBytes: 150_000_000,
	cpuLimitMillicores: 500,
	cpuUsedMillicores: null,
	processesLimit: 1024,
	processesUsed: 17,
};

for (const [version, files] of Object.entries({ 1: V1, 2: V2 })) {
	test(`limits and use are read from control groups of version ${version}`, async () => {
		await withFiles(files, async (root) => {
			assert.deepEqual(new ContainerMeter(root).sample(), LIMITED);
		});
	});
}

test("CPU time used is the mean since the sample before", async () => {
	await withFiles(V2, async (root) => {
		const meter = new ContainerMeter(root);
		meter.sample();
		const startedAt = performance.now();
		await new Promise((resolve) => setTimeout(resolve, 50));
		await writeFile(join(root, "cpu.stat"), "usage_usec 1020000\n");
		const used = meter.sample().cpuUsedMillicores ?? 0;
		const upperBound = 20_000 / 50;
		assert.ok(used > 0 && used <= upperBound + 20, `${used} after ${performance.now() - startedAt} ms`);
	});
});

test("what is not limited or not there is null", async () => {
	const unlimited = {
		...V1,
		"memory/memory.limit_in_bytes": "9223372036854771712\n",
		"cpu/cpu.cfs_quota_us": "-1\n",
		"pids/pids.max": "max\n",
	};
	const nulls = { memoryLimitBytes: null, cpuLimitMillicores: null, processesLimit: null };
	await withFiles(unlimited, async (root) => {
		assert.deepEqual(new ContainerMeter(root).sample(), { ...LIMITED, ...nulls });
	});
	const unlimitedV2 = { ...V2, "memory.max": "max\n", "cpu.max": "max 100000\n", "pids.max": "max\n" };
	await withFiles(unlimitedV2, async (root) => {
		assert.deepEqual(new ContainerMeter(root).sample(), { ...LIMITED, ...nulls });
	});
	assert.deepEqual(new ContainerMeter("/nonexistent").sample(), UNKNOWN_USAGE);
});
