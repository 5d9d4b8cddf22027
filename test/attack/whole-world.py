"""
Answers for every address there is: whatever is sent to this container, to whichever address and port, ends up here.
TCP port 7000 says so and closes, 7001 sends without end; UDP port 7002 prints who sends (one line for each sender), 53
answers each question about a name with PUBLIC.
"""
import asyncio
import fcntl
import os
import socket
import struct
import subprocess
import sys

GATEWAY, PUBLIC = sys.argv[1:]
RULES = """table inet world { chain arrival { type nat hook prerouting priority -100;
tcp dport 9999 redirect to :7001
meta l4proto tcp redirect to :7000
udp dport 53 redirect to :53
meta l4proto udp redirect to :7002
}
}"""


def take_address(interface, address):
    """Gives an interface one more address; it has to be an alias, such as eth0:1."""
    request = struct.pack("16sHH4s8x", interface.encode(), socket.AF_INET, 0, socket.inet_aton(address))
    SIOCSIFADDR = 0x8916
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFADDR, request)


async def greet(reader, writer):
    writer.write(b"the world answers\n")
    writer.close()


async def flood(reader, writer):
    try:
        while not reader.at_eof():
            writer.write(bytes(65536))
            await writer.drain()
    except ConnectionError:
        pass


class Senders(asyncio.DatagramProtocol):
    seen = set()

    def datagram_received(self, data, sender):
        if sender[0] not in self.seen:
            self.seen.add(sender[0])
            print("sender", sender[0].removeprefix("::ffff:"), flush=True)


class Names(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, sender):
        end = query.index(0, 12) + 5
        is_ipv4 = query[end - 4 : end - 2] == b"\0\1"
        header = query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_ipv4 else b"\0\0") + bytes(4)
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(PUBLIC) if is_ipv4 else b""
        self.transport.sendto(header + query[12:end] + answer, sender)


async def main():
    # What went wrong is read with everything else.
    os.dup2(1, 2)
    take_address("eth0:1", GATEWAY)
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    loop = asyncio.get_running_loop()
    await asyncio.start_server(greet, None, 7000, backlog=1024)
    await asyncio.start_server(flood, None, 7001)
    await loop.create_datagram_endpoint(Senders, local_addr=("::", 7002))
    await loop.create_datagram_endpoint(Names, local_addr=("::", 53))
    print("ready", flush=True)
    await asyncio.sleep(3600)


asyncio.run(main())
