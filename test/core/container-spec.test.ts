import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContainerSettings, containerSpec, LABELS } from "../../server/drivers/docker/container-spec.ts";
import { Ordinal } from "../../server/protocol/ids.ts";

const settings: ContainerSettings = {
	poolName: "main",
	image: "terminal-multi-user:latest",
	users: { memoryBytes: 512 * 1024 * 1024, cpus: 0.5, processes: 1024 },
	agent: { memoryBytes: 256 * 1024 * 1024, cpus: 0.25 },
	network: "bridge",
	runtime: null,
	volume: "terminal-workspace",
};
const ordinal = Ordinal.parse(3);
const spec = containerSpec(settings, ordinal, "sha256:1", "/srv/links/berth-main-3");

test("a container is named and labelled after its pool and ordinal", () => {
	assert.equal(spec.name, "berth-main-3");
	assert.equal(spec.create.Hostname, "berth-main-3");
	assert.deepEqual(spec.create.Labels, {
		[LABELS.pool]: "main",
		[LABELS.ordinal]: "3",
		[LABELS.spec]: spec.hash,
	});
	assert.match(spec.hash, /^[0-9a-f]{64}$/);
});

test("a container gets no more rights than its agent needs", () => {
	const { HostConfig } = spec.create;
	assert.deepEqual(HostConfig?.CapDrop, ["ALL"]);
	assert.deepEqual(HostConfig?.CapAdd, ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETPCAP", "SETUID"]);
	assert.deepEqual(HostConfig?.SecurityOpt, ["no-new-privileges:true"]);
	assert.equal(HostConfig?.ReadonlyRootfs, true);
	assert.equal(HostConfig?.Privileged, undefined);
	for (const options of Object.values(HostConfig?.Tmpfs ?? {})) assert.match(options, /nosuid,nodev.*size=\d+/);
});

test("a container has no swap beyond its memory and is not restarted behind the gateway's back", () => {
	const { HostConfig } = spec.create;
	assert.equal(HostConfig?.Memory, 768 * 1024 * 1024);
	assert.equal(HostConfig?.MemorySwap, 768 * 1024 * 1024);
	assert.equal(HostConfig?.CpuQuota, 75_000);
	assert.deepEqual(HostConfig?.RestartPolicy, { Name: "no" });
});

test("the hash is the same for the same settings, in whatever order they were written", () => {
	const { poolName, image, ...rest } = settings;
	const again = containerSpec({ ...rest, image, poolName }, ordinal, "sha256:1", "/srv/links/berth-main-3");
	assert.equal(again.hash, spec.hash);
});

for (const [what, other] of [
	["another ordinal", containerSpec(settings, Ordinal.parse(4), "sha256:1", "/srv/links/berth-main-3")],
	["a rebuilt image", containerSpec(settings, ordinal, "sha256:2", "/srv/links/berth-main-3")],
	["another folder for the socket", containerSpec(settings, ordinal, "sha256:1", "/elsewhere")],
	["no folder for the socket", containerSpec(settings, ordinal, "sha256:1", null)],
	...Object.entries({
		poolName: "other",
		image: "another:latest",
		users: { ...settings.users, processes: 1 },
		agent: { ...settings.agent, cpus: 0.5 },
		network: null,
		runtime: "runsc",
		volume: "another",
	}).map(([name, value]) => {
		const changed = containerSpec({ ...settings, [name]: value }, ordinal, "sha256:1", "/srv/links/berth-main-3");
		return [`another ${name}`, changed] as const;
	}),
] as const) {
	test(`${what} gives another hash`, () => assert.notEqual(other.hash, spec.hash));
}

test("a container is in the pool's own network, unless the operator names one", () => {
	const networkOf = (network: string | null) =>
		containerSpec({ ...settings, network }, ordinal, "sha256:1", null).create.HostConfig?.NetworkMode;
	assert.equal(networkOf(null), "berth-main");
	assert.equal(networkOf("campus"), "campus");
});

test("the socket's folder is mounted only where there is one", () => {
	const targets = (source: string | null) =>
		containerSpec(settings, ordinal, "sha256:1", source).create.HostConfig?.Mounts?.map(({ Target }) => Target);
	assert.deepEqual(targets(null), ["/workspace"]);
	assert.deepEqual(targets("/srv/links/berth-main-3"), ["/workspace", "/run/berth"]);
});
