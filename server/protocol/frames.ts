/**
 * The framing of the link, without any meaning: `[u32 payload length][u8 type][u32 channel][payload]`, big-endian.
 * What the types mean stands in `link.ts`.
 */

export const FRAME_HEADER_BYTES = 9;

/** Largest payload. A frame that announces more is not from our peer: the link is closed before anything is stored. */
export const MAX_FRAME_PAYLOAD_BYTES = 64 * 1024;

export const FrameType = {
	/** Both ways, the first frame each side sends; JSON `Hello`. */
	hello: 1,
	/** Gateway → agent; channel is the request's number; JSON `LinkRequest`. */
	request: 2,
	/** Agent → gateway; channel repeats the request's number; JSON `LinkResponse`. */
	response: 3,
	/** Agent → gateway; channel 0; JSON `LinkEvent`. */
	event: 4,
	/** Agent → gateway; channel is the attachment's; u64 offset of the first byte, then output bytes. */
	output: 5,
	/** Gateway → agent; channel is the attachment's; u64 offset up to which the page has parsed output. */
	credit: 6,
	/** Gateway → agent; channel is the attachment's; u64 number of the first byte, then input bytes. */
	input: 7,
	/** Agent → gateway; channel is the attachment's; u64 number up to which input has been accepted. */
	inputAck: 8,
	/** Both ways; up to 64 opaque bytes, which the other side returns in a `pong`. */
	ping: 9,
	pong: 10,
	/** Both ways, the last frame before closing; JSON `Bye`. */
	bye: 11,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

const KNOWN_TYPES = new Set<number>(Object.values(FrameType));

export type Frame = {
	type: FrameType;
	channel: number;
	/** A view into what was received: copy what is to be kept for long, or the whole chunk stays with it. */
	payload: Buffer;
};

/** The bytes are no frame of ours. There is no way to find the next one: the link must be closed. */
export class FrameError extends Error {
	override readonly name = "FrameError";
}

/** One frame as bytes. `parts` are concatenated; together at most `MAX_FRAME_PAYLOAD_BYTES`. */
export function encodeFrame(type: FrameType, channel: number, ...parts: Uint8Array[]): Buffer {
	const length = parts.reduce((sum, part) => sum + part.length, 0);
	if (length > MAX_FRAME_PAYLOAD_BYTES) throw new FrameError(`payload of ${length} bytes is too long`);
	const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
	frame.writeUInt32BE(length, 0);
	frame.writeUInt8(type, 4);
	frame.writeUInt32BE(channel, 5);
	let at = FRAME_HEADER_BYTES;
	for (const part of parts) {
		frame.set(part, at);
		at += part.length;
	}
	return frame;
}

export function encodeJsonFrame(type: FrameType, channel: number, value: unknown): Buffer {
	return encodeFrame(type, channel, Buffer.from(JSON.stringify(value), "utf8"));
}

/** A frame that begins with an offset: output, credit, input, inputAck. */
export function encodeOffsetFrame(type: FrameType, channel: number, offset: number, bytes?: Uint8Array): Buffer {
	const head = Buffer.allocUnsafe(OFFSET_BYTES);
	head.writeUInt32BE(Math.floor(offset / 2 ** 32), 0);
	head.writeUInt32BE(offset % 2 ** 32, 4);
	return bytes === undefined ? encodeFrame(type, channel, head) : encodeFrame(type, channel, head, bytes);
}

const OFFSET_BYTES = 8;

/** Most output or input bytes that fit into one frame beside the offset. */
export const MAX_OFFSET_FRAME_BYTES = MAX_FRAME_PAYLOAD_BYTES - OFFSET_BYTES;

/** Reads what `encodeOffsetFrame` wrote. Throws `FrameError` where there is no offset or it is beyond 2^53. */
export function decodeOffsetFrame(payload: Buffer): { offset: number; bytes: Buffer } {
	if (payload.length < OFFSET_BYTES) throw new FrameError("offset is missing");
	const offset = payload.readUInt32BE(0) * 2 ** 32 + payload.readUInt32BE(4);
	if (offset > Number.MAX_SAFE_INTEGER) throw new FrameError("offset is out of range");
	return { offset, bytes: payload.subarray(OFFSET_BYTES) };
}

/** Throws `FrameError` where the payload is not JSON. */
export function decodeJson(payload: Buffer): unknown {
	try {
		return JSON.parse(payload.toString("utf8"));
	} catch (cause) {
		throw new FrameError("payload is not JSON", { cause });
	}
}

/**
 * Cuts a byte stream into frames. Holds at most one incomplete frame (64 KiB and its header).
 * After it has thrown once it must not be used again.
 */
export class FrameParser {
	/** The incomplete frame, as long as it will be as far as that is known, else as long as a header. */
	#frame: Buffer = NOTHING;
	/** Bytes of it that are there. */
	#length = 0;

	/**
	 * Calls `onFrame` for each frame that `chunk` completes, in order. Throws `FrameError` on bytes that are no frame.
	 * Only a frame that was cut is copied: to put the whole chunk behind it would cost more than all the rest.
	 */
	push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
		let at = 0;
		while (this.#length > 0 && at < chunk.length) at += this.#fill(chunk.subarray(at), onFrame);
		while (chunk.length - at >= FRAME_HEADER_BYTES) {
			const { length, type, channel } = readHeader(chunk, at);
			const end = at + FRAME_HEADER_BYTES + length;
			if (chunk.length < end) break;
			onFrame({ type, channel, payload: chunk.subarray(at + FRAME_HEADER_BYTES, end) });
			at = end;
		}
		if (at < chunk.length) this.#begin(chunk.subarray(at));
	}

	#begin(part: Buffer): void {
		this.#frame = Buffer.allocUnsafe(part.length < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : frameLength(part));
		this.#length = part.copy(this.#frame);
	}

	/** Puts bytes behind those of the incomplete frame, up to the end of its header or its own. Returns how many. */
	#fill(bytes: Buffer, onFrame: (frame: Frame) => void): number {
		const taken = bytes.copy(this.#frame, this.#length);
		this.#length += taken;
		if (this.#length < this.#frame.length) return taken;
		const frame = this.#frame;
		const whole = frameLength(frame);
		if (frame.length < whole) {
			this.#frame = Buffer.allocUnsafe(whole);
			frame.copy(this.#frame);
			return taken;
		}
		this.#frame = NOTHING;
		this.#length = 0;
		const { type, channel } = readHeader(frame, 0);
		onFrame({ type, channel, payload: frame.subarray(FRAME_HEADER_BYTES) });
		return taken;
	}
}

const NOTHING = Buffer.alloc(0);

/** Of the frame that begins there, header included. */
function frameLength(bytes: Buffer): number {
	return FRAME_HEADER_BYTES + readHeader(bytes, 0).length;
}

function readHeader(bytes: Buffer, at: number): { length: number; type: FrameType; channel: number } {
	const length = bytes.readUInt32BE(at);
	const type = bytes.readUInt8(at + 4);
	if (length > MAX_FRAME_PAYLOAD_BYTES) throw new FrameError(`frame announces ${length} bytes`);
	if (!isFrameType(type)) throw new FrameError(`frame type ${type} is unknown`);
	return { length, type, channel: bytes.readUInt32BE(at + 5) };
}

function isFrameType(type: number): type is FrameType {
	return KNOWN_TYPES.has(type);
}
