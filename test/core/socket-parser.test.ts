import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { atLeastOne, textUpTo } from "../../server/protocol/bounded.ts";
import { SessionName } from "../../server/protocol/session.ts";
import { type Packet, socketParser } from "../../server/protocol/socket-parser.ts";

function roundTrip(packet: Packet): Packet {
	const [message] = new socketParser.Encoder().encode(packet);
	assert.ok(message);
	return decode(message);
}

function decode(message: Uint8Array): Packet {
	let decoded: Packet | null = null;
	const decoder = new socketParser.Decoder();
	decoder.on("decoded", (packet) => {
		decoded = packet;
	});
	decoder.add(message);
	assert.ok(decoded);
	return decoded;
}

test("bytes, offsets beyond 2^32 and text survive", () => {
	const packet = {
		type: 2,
		nsp: "/",
		data: ["session:output", "id", 2 ** 40 + 1, new Uint8Array([0, 255, 10])],
		id: 7,
	};
	assert.deepEqual(roundTrip(packet), packet);
	assert.deepEqual(roundTrip({ type: 1, nsp: "/" }), { type: 1, nsp: "/" });
});

test("what is no packet throws, whatever it is, and quickly", () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
			try {
				const { type, nsp } = decode(bytes);
				assert.ok(type >= 0 && type <= 4 && typeof nsp === "string");
			} catch (error) {
				assert.ok(error instanceof Error);
			}
		}),
		{ numRuns: 5_000 },
	);
});

test("a short message that claims gigabytes is refused without making room for them", () => {
	const before = process.memoryUsage().arrayBuffers;
	for (const claim of [
		[0xc6, 0xff, 0xff, 0xff, 0xff],
		[0xdd, 0xff, 0xff, 0xff, 0xff],
		[0xdf, 0xff, 0xff, 0xff, 0xff],
		[0xc9, 0xff, 0xff, 0xff, 0xff, 0],
	]) {
		assert.throws(() => decode(new Uint8Array(claim)));
	}
	assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024);
});

test("a key that could reach the prototype makes a message none", () => {
	const hostile = JSON.parse('{"__proto__": 1}');
	const [message] = new socketParser.Encoder().encode({ type: 2, nsp: "/", data: ["session:open", hostile] });
	assert.ok(message);
	assert.throws(() => decode(message));
});

test("what Socket.IO says to its own users cannot be said by the other end", () => {
	for (const event of ["disconnect", "disconnecting", "connect", "connect_error", "error", "newListener"]) {
		const [message] = new socketParser.Encoder().encode({ type: 2, nsp: "/", data: [event, "client gone"] });
		assert.ok(message);
		assert.throws(() => decode(message), event);
	}
});

test("what has a length that is no number is refused like anything else that is no text", () => {
	const hostile = { length: { valueOf: 1, toString: 1 } };
	for (const schema of [SessionName, textUpTo(10), atLeastOne(SessionName)]) {
		assert.equal(schema.safeParse(hostile).success, false);
	}
	assert.equal(SessionName.safeParse("x".repeat(65)).success, false);
	assert.equal(SessionName.safeParse("").success, false);
	assert.equal(SessionName.safeParse("x".repeat(64)).success, true);
	assert.equal(atLeastOne(SessionName).safeParse([]).success, false);
});
