/** What is no frame of ours, in numbers, against a real agent. `BERTH_SEED` runs one seed again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	encodeFrame,
	encodeJsonFrame,
	encodeOffsetFrame,
	FRAME_HEADER_BYTES,
	FrameType,
	MAX_FRAME_PAYLOAD_BYTES,
} from "../../server/protocol/frames.ts";
import { LINK_PROTOCOL_VERSION } from "../../server/protocol/link.ts";
import { AgentProcess } from "../agent/agent-process.ts";
import { ADA, BOB, DEFAULT_POLICY } from "../agent/link-client.ts";
import { INSPECTED, probeWriterOf } from "../faults/memory-probe.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { hostileBytes, hostileValue, mutated, randomId } from "./hostile-values.ts";
import { RawLink } from "./raw-link.ts";

const FRAMES = 50_000;
/** An agent takes 64; one is the test's own. */
const LINKS = 8;
const BATCH = 40;
const WARM_UP_FRAMES = 5_000;
const MEGA = 1024 ** 2;

const HELLO = { protocol: LINK_PROTOCOL_VERSION, role: "gateway", gateway: "hostile", policy: DEFAULT_POLICY };
const size = { cols: 80, rows: 24 };
/** What a gateway might ask, so that what is wrong with it is one thing. `open` would start shells. */
const REQUESTS: ((random: SeededRandom) => Record<string, unknown>)[] = [
	(random) => ({
		op: "attach",
		username: BOB.username,
		sessionId: randomId(),
		from: null,
		attachment: { channel: random.integer(0, 100), pageId: randomId(), size },
	}),
	(random) => ({ op: "detach", channel: random.integer(0, 100) }),
	(random) => ({ op: "resize", channel: random.integer(0, 100), size }),
	() => ({ op: "signal", username: BOB.username, sessionId: randomId(), signal: "SIGKILL" }),
	() => ({ op: "rename", username: BOB.username, sessionId: randomId(), name: "name" }),
	() => ({ op: "close", username: BOB.username, sessionId: randomId() }),
	() => ({ op: "list", username: BOB.username }),
	() => ({ op: "evict", username: BOB.username }),
	() => ({ op: "homes", after: "" }),
];

/** A frame that is wrong in itself; the link goes on. */
function wrongFrame(random: SeededRandom): Buffer {
	const channel = random.integer(0, 0xffff_ffff);
	switch (random.integer(0, 3)) {
		case 0:
			return encodeJsonFrame(FrameType.request, channel, mutated(random, random.pick(REQUESTS)(random)));
		case 1:
			return encodeJsonFrame(FrameType.request, channel, Object(hostileValue(random)));
		case 2:
			return encodeOffsetFrame(FrameType.input, channel, random.integer(0, 2 ** 40), hostileBytes(random, 200));
		default:
			return encodeFrame(FrameType.pong, channel, hostileBytes(random, 100));
	}
}

/** Bytes that end most links. */
function wrongBytes(random: SeededRandom): Buffer {
	const payload = Buffer.from(hostileBytes(random, 300));
	const anyType = random.pick(Object.values(FrameType));
	switch (random.integer(0, 5)) {
		case 0:
			return payload;
		case 1: {
			const frame = encodeFrame(anyType, random.integer(0, 99), payload);
			frame.writeUInt8(random.integer(0, 255), random.integer(0, 8));
			return frame;
		}
		case 2:
			return encodeFrame(anyType, random.integer(0, 99), payload);
		case 3:
			return encodeJsonFrame(FrameType.hello, 0, { ...HELLO, [random.pick(Object.keys(HELLO))]: hostileValue(random) });
		case 4:
			return encodeOffsetFrame(FrameType.credit, random.integer(1, 9), random.integer(0, 2 ** 50));
		default: {
			const whole = encodeJsonFrame(FrameType.request, 1, { op: "list", username: "bob" });
			return whole.subarray(0, random.integer(1, whole.length - 1));
		}
	}
}

/** Whatever frame has begun, this is the rest of it, and none of its own. */
const FILLER = Buffer.alloc(MAX_FRAME_PAYLOAD_BYTES + 2 * FRAME_HEADER_BYTES, 0xff);

async function attack(agent: AgentProcess, random: SeededRandom, count: number): Promise<void> {
	for (let written = 0; written < count; written += BATCH) {
		const link = await RawLink.open(agent.socketPath);
		if (random.isTrue(0.95)) link.write(encodeJsonFrame(FrameType.hello, 0, HELLO));
		writeInPieces(link, random, Buffer.concat(Array.from({ length: BATCH - 1 }, () => wrongFrame(random))));
		await link.settle();
		writeInPieces(link, random, wrongBytes(random));
		if (random.isTrue(0.9)) {
			link.write(FILLER);
			await link.untilClosed();
		}
		link.close();
	}
}

function writeInPieces(link: RawLink, random: SeededRandom, bytes: Buffer): void {
	for (let at = 0; at < bytes.length; ) {
		const end = random.isTrue(0.5) ? bytes.length : at + random.integer(1, 2_000);
		link.write(bytes.subarray(at, end));
		at = end;
	}
}

async function attackAll(agent: AgentProcess, random: SeededRandom, count: number): Promise<void> {
	await Promise.all(Array.from({ length: LINKS }, () => attack(agent, random.fork(), Math.ceil(count / LINKS))));
}

test("50,000 malformed frames leave the agent as it was: it serves, keeps nothing of them, and has no error to tell", async (t) => {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`BERTH_SEED=${random.seed}`);
	await using agent = await AgentProcess.start(INSPECTED);
	const gateway = await agent.link();
	const terminal = await gateway.openTerminal({ account: ADA });
	await attackAll(agent, random, WARM_UP_FRAMES);
	const before = await probeWriterOf(agent.log);
	await attackAll(agent, random, FRAMES);
	gateway.type(terminal, "echo still $((40 + 2))\r");
	await gateway.see(terminal, "still 42");
	const after = await probeWriterOf(agent.log);
	const grown = after.heap + after.external - before.heap - before.external;
	t.diagnostic(`grew by ${(grown / MEGA).toFixed(1)} MB`);
	assert.ok(grown < 4 * MEGA, `grew by ${grown} bytes`);
	assert.ok(after.files <= before.files + 2, `${before.files} files before, ${after.files} after`);
	assert.deepEqual(agent.log.match(/^.*"level":"?(error|fatal|50|60).*$/gm), null);
});
