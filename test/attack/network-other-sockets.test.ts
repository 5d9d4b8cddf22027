import assert from "node:assert/strict";
import { test } from "node:test";
import { docker, POOL_IMAGE } from "../support/docker-driver-under-test.ts";
import { networkStage } from "./network-stage.ts";

/**
 * Every family of sockets that the kernel may know, asked for in each way that there is: natively, as x32, as a 32-bit
 * program, there also by the call whose arguments no filter sees, and by a ring (0 where it can be had). Machine code, since
 * no library makes such calls; each in a process of its own, as a kernel without them ends it.
 */
const ATTEMPTS = `
import ctypes, mmap, os, platform, struct
libc = ctypes.CDLL(None, use_errno=True)
def machine_code(code):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
def in_32_bit(number, one, two):
    # push rbx; eax = number; ebx, ecx = one, two; edx = 0; int 0x80; pop rbx; ret
    return machine_code(b"\\x53\\xb8" + struct.pack("I", number) + b"\\xbb" + struct.pack("I", one) + b"\\xb9"
        + struct.pack("I", two) + b"\\x31\\xd2\\xcd\\x80\\x5b\\xc3")
def low_memory(bytes_):
    MAP_32BIT = 0x40
    libc.mmap.restype = ctypes.c_void_p
    address = libc.mmap(None, 4096, 3, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT, -1, 0)
    ctypes.memmove(address, bytes_, len(bytes_))
    return address
def report(way, call, families=range(1, 46)):
    child = os.fork()
    if child == 0:
        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
        found = [family for family in families if any(call(family, kind) >= 0 for kind in (1, 2, 3, 5))]
        print(way, *found, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
is_x86 = platform.machine() == "x86_64"
socket_number = 41 if is_x86 else 198
report("native", lambda family, kind: libc.syscall(socket_number, family, kind, 0))
report("ring", lambda family, kind: libc.syscall(425, 4, ctypes.create_string_buffer(256)), [0])
if is_x86:
    report("x32", lambda family, kind: libc.syscall(socket_number | 0x40000000, family, kind, 0))
    report("32-bit", lambda family, kind: in_32_bit(359, family, kind))
    report("socketcall", lambda family, kind: in_32_bit(102, 1, low_memory(struct.pack("III", family, kind, 0))))
`;
/** Local, IPv4, IPv6, and netlink, by which programs ask for addresses and routes. */
const USUAL = "1 2 10 16";

test("no socket leads past the network's rules, to the hypervisor or to what listens for it on this machine", async (t) => {
	const { attacker } = await networkStage(t);
	const found = parse(await attacker.python(ATTEMPTS));
	assert.equal(found.get("native"), USUAL);
	assert.equal(found.get("ring"), "");
	// A kernel need not have the other ways at all.
	assert.match(found.get("x32") ?? "", new RegExp(`^(${USUAL})?$`));
	assert.match(found.get("32-bit") ?? "", new RegExp(`^(${USUAL})?$`));
	assert.equal(found.get("socketcall") ?? "", "");

	// The same program finds more where nothing is taken away.
	const unconfined = ["--cap-add=NET_RAW", "--security-opt=seccomp=unconfined", "--user=0", "--entrypoint=python3"];
	const everything = parse(await docker("run", "--rm", "--network=none", ...unconfined, POOL_IMAGE, "-c", ATTEMPTS));
	assert.ok((everything.get("native") ?? "").split(" ").length > USUAL.split(" ").length, [...everything].join("\n"));
});

function parse(printed: string): Map<string, string> {
	const lines = printed.split("\n").map((line) => /^(\S+) ?(.*)$/.exec(line) ?? []);
	return new Map(lines.map(([, way = "", found = ""]) => [way, found]));
}
