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
	// Other networks of the engine come and go meanwhile.
	const lasting = Object.entries(networkInterfaces()).filter(([name]) => !name.startsWith("br-"));
	const own = lasting.flatMap(([, addresses]) => addresses ?? []);
	const others = own.flatMap(({ address, family, internal }) => (family === "IPv4" && !internal ? [address] : []));
	const addresses = [bridge, ...others];
	assert.match(bridge, /^\d/);
	assert.ok(others.length > 0);

	const service = createServer((socket) => socket.end("the host answers\n")).listen(0, "0.0.0.0");
	t.after(() => service.close());
	await once(service, "listening");
	const { port } = service.address() as AddressInfo;
	assert.deepEqual(await attacker.knock(addresses, port), each(addresses, REFUSED));
	const inTheOpen = await change({ EGRESS_POLICY: "open" });
	assert.deepEqual(await inTheOpen.knock(addresses, port), each(addresses, "the host answers"));
});
