import assert from "node:assert/strict";
import { test } from "node:test";
import { type Attacker, networkStage } from "./network-stage.ts";
import { GREETING, PUBLIC_ADDRESS } from "./whole-world.ts";

const CONNECTIONS = 300;
const DATAGRAMS = 1_000;
const DATAGRAM_BYTES = 8 * 1024;
const MEBIBYTE = 1024 * 1024;

/** As many connections at once as there are, as many datagrams as go out, and whatever comes in within a second. */
const FLOOD = `
import select, socket, time
source = socket.create_connection(("${PUBLIC_ADDRESS}", 9999), timeout=3)
opened = []
for _ in range(${CONNECTIONS}):
    attempt = socket.socket()
    attempt.setblocking(False)
    attempt.connect_ex(("${PUBLIC_ADDRESS}", 80))
    opened.append(attempt)
time.sleep(0.5)
poll = select.poll()
for attempt in opened: poll.register(attempt, select.POLLIN)
connected = len(poll.poll(0))
for attempt in opened: attempt.close()
sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sink.connect(("${PUBLIC_ADDRESS}", 9))
sent = 0
for _ in range(${DATAGRAMS}):
    try: sent += sink.send(bytes(${DATAGRAM_BYTES}))
    except OSError: pass
source.setblocking(True)
received, end = 0, time.monotonic() + 1
while time.monotonic() < end: received += len(source.recv(65536))
print(connected, sent, received)
`;

async function flood(attacker: Attacker): Promise<{ connected: number; sent: number; received: number }> {
	const said = await attacker.python(FLOOD);
	const [connected = Number.NaN, sent = Number.NaN, received = Number.NaN] = said.split(" ").map(Number);
	return { connected, sent, received };
}

test("one account cannot use up the connections and the bandwidth of all, and its neighbours go on", async (t) => {
	const bounds = { USER_CONNECTION_RATE: "20", USER_BANDWIDTH: "1m" };
	const { attacker, arrive, change } = await networkStage(t, () => bounds);
	const neighbour = await arrive();
	const flooding = flood(attacker);
	const knocks = Array.from({ length: 20 }, () => PUBLIC_ADDRESS);
	assert.deepEqual(
		await neighbour.knock(knocks, 80),
		knocks.map(() => GREETING),
	);
	const bounded = await flooding;
	// Five seconds' worth and what comes meanwhile; a mebibyte at once and one a second.
	assert.ok(bounded.connected >= 50 && bounded.connected < 200, JSON.stringify(bounded));
	assert.ok(bounded.sent <= 4 * MEBIBYTE, JSON.stringify(bounded));
	assert.ok(bounded.received > 0 && bounded.received <= 4 * MEBIBYTE, JSON.stringify(bounded));

	const unbounded = await flood(await change({ USER_CONNECTION_RATE: "0", USER_BANDWIDTH: "none" }));
	assert.equal(unbounded.connected, CONNECTIONS);
	assert.equal(unbounded.sent, DATAGRAMS * DATAGRAM_BYTES);
	assert.ok(unbounded.received > 10 * MEBIBYTE, JSON.stringify(unbounded));
});
