import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostConfig } from "dockerode";
import { deviationsOf } from "../../server/drivers/docker/container-check.ts";
import { containerSpec } from "../../server/drivers/docker/container-spec.ts";
import { Ordinal } from "../../server/protocol/ids.ts";

const spec = containerSpec(
	{
		poolName: "main",
		image: "terminal-multi-user:latest",
		users: { memoryBytes: 512 * 1024 * 1024, cpus: 0.5, processes: 1024 },
		agent: { memoryBytes: 256 * 1024 * 1024, cpus: 0.25 },
		network: null,
		runtime: null,
		volume: "terminal-workspace",
	},
	Ordinal.parse(1),
	"sha256:1",
	"/srv/links/berth-main-1",
);
const wanted: HostConfig = spec.create.HostConfig ?? {};

test("a container that is as specified deviates in nothing, also where the engine writes it otherwise", () => {
	assert.deepEqual(deviationsOf(spec, wanted), []);
	const CapAdd = wanted.CapAdd.map((name: string) => `CAP_${name}`).toReversed();
	assert.deepEqual(
		deviationsOf(spec, { ...wanted, CapAdd, Privileged: false, Devices: [], PidMode: "", Binds: null as never }),
		[],
	);
});

for (const [what, change] of Object.entries({
	CapAdd: { CapAdd: [...wanted.CapAdd, "SYS_ADMIN"] },
	CapDrop: { CapDrop: [] },
	SecurityOpt: { SecurityOpt: ["seccomp=unconfined", "no-new-privileges:true"] },
	ReadonlyRootfs: { ReadonlyRootfs: false },
	Privileged: { Privileged: true },
	PidMode: { PidMode: "host" },
	IpcMode: { IpcMode: "host" },
	Memory: { Memory: 0 },
	CpuQuota: { CpuQuota: 0 },
	PidsLimit: { PidsLimit: 0 },
	Tmpfs: { Tmpfs: { "/tmp": "rw" } },
	Mounts: { Mounts: [...(wanted.Mounts ?? []), { Type: "bind", Source: "/", Target: "/host" }] },
	Binds: { Binds: ["/:/host"] },
	Devices: { Devices: [{ PathOnHost: "/dev/kmsg", PathInContainer: "/dev/kmsg", CgroupPermissions: "r" }] },
} satisfies Record<string, HostConfig>)) {
	test(`another ${what} is a deviation`, () => {
		assert.deepEqual(deviationsOf(spec, { ...wanted, ...change } as HostConfig), [what]);
	});
}
