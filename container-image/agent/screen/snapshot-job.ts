/** What it takes to make a snapshot, and how that is told to the process that makes it. */
import { z } from "zod";
import { TerminalSize } from "../../../server/protocol/session.ts";

/** Lines above the screen that a snapshot may hold: no page keeps more. */
export const SCROLLBACK_LINES = 10_000;
/** Sent with each fresh attach, and held in memory while it is sent. */
export const MAX_SNAPSHOT_BYTES = 1024 * 1024;

/** Output that draws the same as all output before it. `length` in bytes once inflated. */
export type Snapshot = { deflated: Buffer; length: number };

/** Output, or a size that the terminal has from there on. */
export type JobPart = { bytes: Buffer } | { size: TerminalSize };

export type SnapshotJob = {
	/** Size of the terminal when the earlier snapshot was made. */
	size: TerminalSize;
	/** Null where there is none: the terminal was empty. */
	earlier: Snapshot | null;
	/** What came since. */
	parts: JobPart[];
	/** Bytes, at most `MAX_SNAPSHOT_BYTES`. */
	maxBytes: number;
	/** To be put behind the snapshot: begins the string that the last output is within. */
	ending: string;
};

export interface SnapshotMaker {
	/** Null where it fails or takes too long, and where it is not wanted any more. */
	make(job: SnapshotJob, signal: AbortSignal): Promise<Snapshot | null>;
}

/** Whoever sends more is not us. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const LENGTH_BYTES = 4;

const Header = z.object({
	size: TerminalSize,
	/** Bytes of the earlier snapshot, deflated and inflated; null where there is none. */
	earlier: z.object({ deflated: z.number(), length: z.number() }).nullable(),
	parts: z.array(z.union([z.object({ bytes: z.number() }), z.object({ size: TerminalSize })])),
	maxBytes: z.number(),
	ending: z.string(),
});

/** `[u32 length of the rest][u32 length of the header][header as JSON][all bytes]` */
export function encodeJob({ size, earlier, parts, maxBytes, ending }: SnapshotJob): Buffer {
	const header: z.infer<typeof Header> = {
		size,
		earlier: earlier === null ? null : { deflated: earlier.deflated.length, length: earlier.length },
		parts: parts.map((part) => ("bytes" in part ? { bytes: part.bytes.length } : part)),
		maxBytes,
		ending,
	};
	const json = Buffer.from(JSON.stringify(header));
	const bytes = parts.flatMap((part) => ("bytes" in part ? [part.bytes] : []));
	return encodeMessage([lengthOf(json.length), json, ...(earlier === null ? [] : [earlier.deflated]), ...bytes]);
}

/** Throws where the message is none of ours. */
export function decodeJob(message: Buffer): SnapshotJob {
	const jsonEnd = LENGTH_BYTES + message.readUInt32BE(0);
	const header = Header.parse(JSON.parse(message.toString("utf8", LENGTH_BYTES, jsonEnd)));
	let at = jsonEnd;
	const take = (length: number): Buffer => {
		at += length;
		return message.subarray(at - length, at);
	};
	const { size, earlier, maxBytes, ending } = header;
	const snapshot = earlier === null ? null : { deflated: take(earlier.deflated), length: earlier.length };
	const parts = header.parts.map((part) => ("bytes" in part ? { bytes: take(part.bytes) } : part));
	return { size, earlier: snapshot, parts, maxBytes, ending };
}

export function encodeSnapshot({ deflated, length }: Snapshot): Buffer {
	return encodeMessage([lengthOf(length), deflated]);
}

export function decodeSnapshot(message: Buffer): Snapshot {
	return { length: message.readUInt32BE(0), deflated: Buffer.from(message.subarray(LENGTH_BYTES)) };
}

/** Cuts a stream into messages. Throws on one that is too long. */
export class MessageReader {
	#chunks: Buffer[] = [];
	#held = 0;

	*push(chunk: Buffer): Iterable<Buffer> {
		this.#chunks.push(chunk);
		this.#held += chunk.length;
		for (;;) {
			if (this.#held < LENGTH_BYTES) return;
			const first = this.#chunks[0] as Buffer;
			if (first.length < LENGTH_BYTES) this.#chunks = [Buffer.concat(this.#chunks)];
			const length = (this.#chunks[0] as Buffer).readUInt32BE(0);
			if (length > MAX_MESSAGE_BYTES) throw new RangeError(`message of ${length} bytes`);
			if (this.#held < LENGTH_BYTES + length) return;
			const all = Buffer.concat(this.#chunks);
			yield all.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
			const rest = all.subarray(LENGTH_BYTES + length);
			this.#chunks = rest.length === 0 ? [] : [rest];
			this.#held = rest.length;
		}
	}
}

function encodeMessage(parts: Buffer[]): Buffer {
	const length = parts.reduce((sum, part) => sum + part.length, 0);
	return Buffer.concat([lengthOf(length), ...parts]);
}

function lengthOf(length: number): Buffer {
	const bytes = Buffer.alloc(LENGTH_BYTES);
	bytes.writeUInt32BE(length);
	return bytes;
}
