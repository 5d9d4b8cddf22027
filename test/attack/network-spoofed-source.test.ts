import assert from "node:assert/strict";
import { test } from "node:test";
import { networkStage } from "./network-stage.ts";
import type { WholeWorld } from "./whole-world.ts";

/** Binds to an address that is not one's own, which needs no rights, and sends from there, and from where one is. */
const spoof = ({ neighbour, neighbour6, stolen, stolen6 }: WholeWorld): string => `
import socket
IP_FREEBIND, IPV6_FREEBIND = 15, 78
def send(family, level, option, source, target):
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        try:
            if source is not None:
                sender.setsockopt(level, option, 1)
                sender.bind((source, 0))
            sender.sendto(b"who am I?", (target, 9))
        except OSError as error:
            print(error.strerror)
for source in ("${stolen}", None): send(socket.AF_INET, socket.IPPROTO_IP, IP_FREEBIND, source, "${neighbour}")
for source in ("${stolen6}", None): send(socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_FREEBIND, source, "${neighbour6}")
`;

test("nobody can send in another's name: packets leave with the container's own address or not at all", async (t) => {
	const { world, attacker, pool, change } = await networkStage(t, ({ neighbour, neighbour6 }) => ({
		EGRESS_ALLOW: `${neighbour},${neighbour6}`,
	}));
	const { NetworkSettings } = await pool.container(1).inspect();
	const { IPAddress, GlobalIPv6Address } = NetworkSettings.Networks[world.network] ?? {};
	await attacker.python(spoof(world));
	assert.deepEqual((await world.senders()).toSorted(), [IPAddress, GlobalIPv6Address].toSorted());

	// Without any rules IPv6 lets it pass: the test would see it.
	const unbounded = { EGRESS_POLICY: "open", USER_CONNECTION_RATE: "0", USER_BANDWIDTH: "0" };
	await (await change(unbounded)).python(spoof(world));
	assert.ok((await world.senders()).includes(world.stolen6));
	assert.ok(!(await world.senders()).includes(world.stolen));
});
