/**
 * How Socket.IO packets look on the wire between page and gateway: each is one msgpack array
 * `[type, namespace, data, id]`, so that terminal bytes travel as bytes. Both ends use this file; Socket.IO wants it as
 * an object with `Encoder` and `Decoder`.
 *
 * Socket.IO's own msgpack parser is not used: its browser side cannot encode a `Uint8Array`, and its decoder makes
 * buffers of whatever length a message claims to have.
 */
import { Decoder as MsgpackDecoder, Encoder as MsgpackEncoder } from "@msgpack/msgpack";
import { Emitter } from "@socket.io/component-emitter";

/** As in the Socket.IO protocol, revision 5. */
const PacketType = { connect: 0, disconnect: 1, event: 2, ack: 3, connectError: 4 } as const;

export type Packet = {
	type: number;
	nsp: string;
	data?: unknown;
	/** Number that an acknowledgement repeats. */
	id?: number;
};

/** Nothing of ours comes near; a message that claims more is not worth reading on. */
const LIMITS = { maxArrayLength: 10_000, maxMapLength: 1_000, maxExtLength: 0 };

/** What Socket.IO itself tells its users. On the wire they would be lies, such as of a page that has gone. */
const RESERVED_EVENTS: ReadonlySet<string> = new Set([
	"connect",
	"connect_error",
	"disconnect",
	"disconnecting",
	"error",
	"newListener",
	"removeListener",
]);

/** Room for a full output event: it is written there first, and leaves as a copy of its own length. */
const ENCODER_BYTES = 20 * 1024;

class Encoder {
	/** One for all packets: a buffer that grows anew for each packet is what the gateway would spend most on. */
	readonly #msgpack = new MsgpackEncoder({ ignoreUndefined: true, initialBufferSize: ENCODER_BYTES });

	encode({ type, nsp, data, id }: Packet): Uint8Array[] {
		return [this.#msgpack.encode([type, nsp, data, id])];
	}
}

type NoEvents = Record<never, never>;

class Decoder extends Emitter<NoEvents, NoEvents, { decoded(packet: Packet): void }> {
	readonly #msgpack = new MsgpackDecoder(LIMITS);

	/** Throws where the message is no packet; Socket.IO then ends the connection. */
	add(message: ArrayBufferLike | ArrayBufferView): void {
		const packet = toPacket(this.#msgpack.decode(message as ArrayBuffer));
		this.emitReserved("decoded", packet);
	}

	destroy(): void {}
}

function toPacket(decoded: unknown): Packet {
	if (!Array.isArray(decoded) || decoded.length !== 4) throw new Error("not a packet");
	const [type, nsp, data, id]: unknown[] = decoded;
	if (typeof type !== "number" || !isDataOf(type, data)) throw new Error("invalid payload");
	if (typeof nsp !== "string") throw new Error("invalid namespace");
	if (id !== null && !Number.isSafeInteger(id)) throw new Error("invalid id");
	return { type, nsp, ...(data !== null && { data }), ...(id !== null && { id: Number(id) }) };
}

function isDataOf(type: number, data: unknown): boolean {
	switch (type) {
		case PacketType.connect:
			return data === null || isPlainObject(data);
		case PacketType.disconnect:
			return data === null;
		case PacketType.event:
			return Array.isArray(data) && typeof data[0] === "string" && !RESERVED_EVENTS.has(data[0]);
		case PacketType.ack:
			return Array.isArray(data);
		case PacketType.connectError:
			return typeof data === "string" || isPlainObject(data);
		default:
			return false;
	}
}

function isPlainObject(value: unknown): boolean {
	return value !== null && typeof value === "object" && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

export const socketParser = { Encoder, Decoder };
