import assert from "node:assert/strict";
import { test } from "node:test";
import { docker, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { networkStage } from "./network-stage.ts";
import { PUBLIC_ADDRESS, type WholeWorld } from "./whole-world.ts";

/** Asks for a route to somewhere private, by way of somebody who is open. Not every kernel wants rights for that. */
const sendRouted = ({ neighbour, neighbour6 }: WholeWorld): string => `
import socket
def loose4(kind):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    route = bytes([kind, 11, 4]) + socket.inet_aton("${neighbour}") + socket.inet_aton("10.0.0.1") + b"\\0"
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, route)
    return sender, ("10.0.0.2", 9)
def plain4():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM), ("${PUBLIC_ADDRESS}", 9)
def segments6():
    sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    stops = socket.inet_pton(socket.AF_INET6, "fd00::1") + socket.inet_pton(socket.AF_INET6, "${neighbour6}")
    sender.setsockopt(socket.IPPROTO_IPV6, 57, bytes([0, 4, 4, 1, 1, 0, 0, 0]) + stops)
    return sender, ("fd00::1", 9)
for name, make in ("plain", plain4), ("loose", lambda: loose4(131)), ("strict", lambda: loose4(137)), ("segments", segments6):
    try:
        sender, target = make()
        sender.sendto(b"onwards", target)
        print(name, "sent")
    except OSError:
        print(name, "refused")
`;

test("nobody reaches a closed address by asking for a route over an open one", async (t) => {
	const { pool, world, attacker, change } = await networkStage(t, ({ neighbour, neighbour6 }) => ({
		EGRESS_ALLOW: `${neighbour},${neighbour6}`,
	}));
	const program = sendRouted(world);
	// Whatever the kernel says to accounts: the rules refuse it to who has the right as well.
	const withRights = async (): Promise<string[]> => {
		const inside = ["run", "--rm", `--network=container:${pool.containerName(1)}`, "--user=0", "--cap-add=NET_RAW"];
		return (await docker(...inside, "--entrypoint=python3", POOL_IMAGE, "-c", program)).split("\n");
	};
	const refused = ["plain sent", "loose refused", "strict refused", "segments refused"];
	assert.deepEqual((await attacker.python(program)).split("\n"), refused);
	assert.deepEqual(await withRights(), refused);

	await change({ EGRESS_POLICY: "open", USER_CONNECTION_RATE: "0", USER_BANDWIDTH: "0" });
	assert.deepEqual(await withRights(), ["plain sent", "loose sent", "strict sent", "segments sent"]);
});
