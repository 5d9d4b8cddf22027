import assert from "node:assert/strict";
import { test } from "node:test";
import { docker, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { networkStage } from "./network-stage.ts";

/** Sockets by which packets are written or overheard byte by byte, and what would let them be made. */
const ATTEMPTS = `
import ctypes, fcntl, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
def listen(): socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
def write4(): socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
def write6(): socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
def ping(): socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
def pose(): socket.socket().setsockopt(socket.IPPROTO_IP, 19, 1)
def rename(): fcntl.ioctl(socket.socket(), 0x8916, struct.pack("16sHH4s8x", b"lo:1", 2, 0, b"\\x09\\x09\\x09\\x09"))
def rules():
    netfilter = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    netfilter.sendto(struct.pack("IHHIIBBH", 20, 10 << 8 | 1, 5, 1, 0, 0, 0, 0), (0, 0))
    reply = netfilter.recv(65536)
    if struct.unpack("i", reply[16:20])[0] == -1: raise PermissionError
def namespace():
    if libc.unshare(0x50000000) != 0: raise PermissionError
for attempt in (listen, write4, write6, ping, pose, rename, rules, namespace):
    try:
        attempt()
        print(attempt.__name__, "works")
    except OSError:
        print(attempt.__name__, "refused")
`;
const NAMES = ["listen", "write4", "write6", "ping", "pose", "rename", "rules", "namespace"];

test("nobody can write packets by hand, overhear others' or touch the rules", async (t) => {
	const { attacker } = await networkStage(t);
	const refused = NAMES.map((name) => `${name} refused`);
	assert.deepEqual((await attacker.python(ATTEMPTS)).split("\n"), refused);
	// The same program succeeds where the capabilities are not taken away.
	const able = await docker(
		...["run", "--rm", "--network=none", "--user=0", "--cap-add=NET_ADMIN", "--cap-add=NET_RAW", "--cap-add=SYS_ADMIN"],
		...["--entrypoint=python3", POOL_IMAGE, "-c", ATTEMPTS],
	);
	assert.deepEqual(
		able.split("\n"),
		NAMES.map((name) => `${name} works`),
	);
});
