import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { each, networkStage, REFUSED } from "./network-stage.ts";

test("the host is out of reach, at the bridge's address and at all others that it has", async (t) => {
	const { pool, attacker, change } = await networkStage(t, () => ({ CONTAINER_NETWORK: "" }));
	const { NetworkSettings } = await pool.container(1).inspect();
	const bridge = NetworkSettings.Networks[pool.network]?.Gateway ?? "";
	const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	const addresses = own.flatMap(({ address, family, internal }) => (family === "IPv4" && !internal ? [address] : []));
	assert.ok(addresses.includes(bridge), `${bridge} is none of ${addresses}`);

	const service = createServer((socket) => socket.end("the host answers\n")).listen(0, "0.0.0.0");
	t.after(() => service.close());
	await once(service, "listening");
	const { port } = service.address() as AddressInfo;
	assert.deepEqual(await attacker.knock(addresses, port), each(addresses, REFUSED));
	const inTheOpen = await change({ EGRESS_POLICY: "open" });
	assert.deepEqual(await inTheOpen.knock(addresses, port), each(addresses, "the host answers"));
});
