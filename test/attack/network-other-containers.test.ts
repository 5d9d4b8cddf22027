import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { type NetworkStage, networkStage, REFUSED } from "./network-stage.ts";

const PORT = 8_000;
const SERVE = `python3 -c '
import socket
server = socket.create_server(("0.0.0.0", ${PORT}))
while True: server.accept()[0].sendall(b"the neighbour answers\\n")' & sleep 0.5`;

/** Somebody in the second container serves something. Returns that container's address. */
async function serveInTheOther({ pool, attacker, arrive }: NetworkStage): Promise<string> {
	const victim = await arrive();
	assert.deepEqual([attacker.container, victim.container], [pool.containerName(1), pool.containerName(2)]);
	await victim.run(SERVE);
	const { NetworkSettings } = await pool.container(2).inspect();
	return Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? "";
}

test("what somebody serves is out of reach from other containers, Berth's and others, also in a network that joins them", async (t) => {
	const stage = await networkStage(t, () => ({ MAX_CONTAINERS: "2" }));
	const address = await serveInTheOther(stage);
	const fromTheWorld = () => docker("exec", stage.world.network, "bash", "-c", knockOf(address));
	assert.deepEqual(await stage.attacker.knock([address], PORT), [REFUSED]);
	assert.equal(await fromTheWorld(), "nothing");

	const inTheOpen = await stage.change({ EGRESS_POLICY: "open" });
	assert.equal(inTheOpen.container, stage.attacker.container);
	assert.deepEqual(await inTheOpen.knock([address], PORT), ["the neighbour answers"]);
	assert.equal(await fromTheWorld(), "the neighbour answers");
});

const knockOf = (address: string): string =>
	`timeout 2 bash -c "cat </dev/tcp/${address}/${PORT}" 2>/dev/null || echo nothing`;

test("the pool's own network keeps containers apart by itself, where every destination is open", async (t) => {
	const { pool, attacker } = await networkStage(t, () => ({ CONTAINER_NETWORK: "", EGRESS_POLICY: "open" }));
	const name = `${pool.containerName(1)}-neighbour`;
	const serve = ["--entrypoint=bash", POOL_IMAGE, "-c", `${SERVE}; sleep 60`];
	// With the pool's label it goes with the pool.
	const labels = [`--label=berth.pool=${pool.name}`, `--name=${name}`];
	await docker("run", "--detach", ...labels, `--network=${pool.network}`, ...serve);
	const address = await docker("inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name);
	while ((await docker("exec", name, "bash", "-c", knockOf(address))) === "nothing") await sleep(100);
	assert.deepEqual(await attacker.knock([address], PORT), ["nothing"]);
});
