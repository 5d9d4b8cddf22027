import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
	decodeJson,
	decodeOffsetFrame,
	encodeFrame,
	encodeJsonFrame,
	encodeOffsetFrame,
	FRAME_HEADER_BYTES,
	FrameError,
	FrameParser,
	FrameType,
	MAX_FRAME_PAYLOAD_BYTES,
	MAX_OFFSET_FRAME_BYTES,
} from "../../server/protocol/frames.ts";

type Plain = { type: number; channel: number; payload: Buffer };

const anyFrame = fc.record({
	type: fc.constantFrom(...Object.values(FrameType)),
	channel: fc.nat(0xffff_ffff),
	payload: fc.uint8Array({ maxLength: 3_000 }),
});

/** Cuts bytes at the given places, in whatever order and number they are. */
function cutAt(bytes: Buffer, places: number[]): Buffer[] {
	const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
	return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

function parse(chunks: Buffer[]): Plain[] {
	const parser = new FrameParser();
	const frames: Plain[] = [];
	for (const chunk of chunks) {
		parser.push(chunk, ({ type, channel, payload }) => frames.push({ type, channel, payload: Buffer.from(payload) }));
	}
	return frames;
}

test("frames survive any cutting of the stream", () => {
	fc.assert(
		fc.property(fc.array(anyFrame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (frames, places) => {
			const bytes = Buffer.concat(frames.map(({ type, channel, payload }) => encodeFrame(type, channel, payload)));
			const wanted = frames.map(({ type, channel, payload }) => ({ type, channel, payload: Buffer.from(payload) }));
			assert.deepEqual(parse(cutAt(bytes, places)), wanted);
		}),
	);
});

test("frames survive a stream of single bytes", () => {
	const bytes = Buffer.concat([
		encodeFrame(FrameType.ping, 0),
		encodeJsonFrame(FrameType.event, 7, { kind: "ünïcode" }),
		encodeOffsetFrame(FrameType.output, 0xffff_ffff, Number.MAX_SAFE_INTEGER, Buffer.from("x")),
	]);
	const frames = parse([...bytes].map((byte) => Buffer.from([byte])));
	assert.deepEqual(
		frames.map(({ type }) => type),
		[FrameType.ping, FrameType.event, FrameType.output],
	);
	assert.deepEqual(decodeJson(frames[1]?.payload ?? Buffer.alloc(0)), { kind: "ünïcode" });
	assert.equal(decodeOffsetFrame(frames[2]?.payload ?? Buffer.alloc(0)).offset, Number.MAX_SAFE_INTEGER);
});

test("a truncated stream gives the complete frames and nothing else", () => {
	fc.assert(
		fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 5 }), fc.nat(), (frames, cut) => {
			const encoded = frames.map(({ type, channel, payload }) => encodeFrame(type, channel, payload));
			const bytes = Buffer.concat(encoded);
			const length = cut % bytes.length;
			let whole = 0;
			let end = 0;
			for (const { length: frameLength } of encoded) {
				end += frameLength;
				if (end <= length) whole += 1;
			}
			assert.equal(parse([bytes.subarray(0, length)]).length, whole);
		}),
	);
});

test("garbage either is a frame by chance or throws FrameError, and never anything else", () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
			try {
				for (const { type, payload } of parse(chunks.map((chunk) => Buffer.from(chunk)))) {
					assert.ok(Object.values<number>(FrameType).includes(type));
					assert.ok(payload.length <= MAX_FRAME_PAYLOAD_BYTES);
				}
			} catch (thrown) {
				if (!(thrown instanceof FrameError)) throw thrown;
			}
		}),
		{ numRuns: 1_000 },
	);
});

test("a stream with flipped bytes gives frames or throws FrameError, and never holds more than one frame", () => {
	const flips = fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { minLength: 1, maxLength: 5 });
	fc.assert(
		fc.property(
			fc.array(anyFrame, { minLength: 1, maxLength: 8 }),
			flips,
			fc.array(fc.nat()),
			(frames, flipped, places) => {
				const bytes = Buffer.concat(frames.map(({ type, channel, payload }) => encodeFrame(type, channel, payload)));
				for (const { at, value } of flipped) bytes[at % bytes.length] = value;
				try {
					const size = parse(cutAt(bytes, places)).reduce((sum, { payload }) => sum + payload.length, 0);
					assert.ok(size <= bytes.length);
				} catch (thrown) {
					if (!(thrown instanceof FrameError)) throw thrown;
				}
			},
		),
		{ numRuns: 500 },
	);
});

test("a frame that announces too much is refused from its header alone", () => {
	const header = Buffer.alloc(FRAME_HEADER_BYTES);
	header.writeUInt32BE(MAX_FRAME_PAYLOAD_BYTES + 1, 0);
	header.writeUInt8(FrameType.input, 4);
	assert.throws(() => parse([header]), FrameError);
	assert.throws(() => encodeFrame(FrameType.input, 1, Buffer.alloc(MAX_FRAME_PAYLOAD_BYTES + 1)), FrameError);
});

test("the largest frame passes", () => {
	const bytes = Buffer.alloc(MAX_OFFSET_FRAME_BYTES, 1);
	const [frame] = parse([encodeOffsetFrame(FrameType.input, 1, 0, bytes)]);
	assert.deepEqual(decodeOffsetFrame(frame?.payload ?? Buffer.alloc(0)).bytes, bytes);
});

test("unknown frame types are refused", () => {
	for (const type of [0, 12, 255]) {
		const frame = encodeFrame(FrameType.ping, 0);
		frame.writeUInt8(type, 4);
		assert.throws(() => parse([frame]), FrameError);
	}
});

test("payloads that are no offset or no JSON are refused", () => {
	assert.throws(() => decodeOffsetFrame(Buffer.alloc(7)), FrameError);
	assert.throws(() => decodeOffsetFrame(Buffer.alloc(8, 0xff)), FrameError);
	assert.throws(() => decodeJson(Buffer.from("{")), FrameError);
	assert.throws(() => decodeJson(Buffer.alloc(0)), FrameError);
});
