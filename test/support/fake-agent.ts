/** The far end of a link, in this process: says what a test wants, in the chunks in which the test wants it. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type Duplex, duplexPair } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import {
	decodeJson,
	decodeOffsetFrame,
	encodeJsonFrame,
	encodeOffsetFrame,
	type Frame,
	FrameParser,
	FrameType,
} from "../../server/protocol/frames.ts";
import type { SessionId } from "../../server/protocol/ids.ts";
import {
	type AgentHello,
	type AttachResult,
	LINK_PROTOCOL_VERSION,
	type LinkEvent,
	LinkRequest,
	type LinkRequestOf,
} from "../../server/protocol/link.ts";
import type { SessionInfo } from "../../server/protocol/session.ts";

const SIZE = { cols: 80, rows: 24 };
/** Turns of the event loop after which whatever was to happen in this process has happened. */
const SETTLING_TURNS = 20;

export type Asked = { number: number; request: LinkRequest };

export class FakeAgent {
	readonly hello: AgentHello = {
		protocol: LINK_PROTOCOL_VERSION,
		role: "agent",
		bootId: randomBytes(16).toString("base64url"),
		isHardened: true,
		mode: "container",
		sessions: 0,
	};
	/** Requests that were not answered yet, oldest first. */
	readonly asked: Asked[] = [];
	readonly credits: { channel: number; offset: number }[] = [];
	readonly inputs: { channel: number; seq: number }[] = [];
	/** Connections so far. */
	connections = 0;
	#stream: Duplex | null = null;
	#near: Duplex | null = null;

	/** The gateway's end of a new connection. */
	connect(): Duplex {
		const [near, far] = duplexPair();
		const parser = new FrameParser();
		this.connections += 1;
		this.#stream = far;
		this.#near = near;
		far.on("error", () => {});
		far.on("data", (chunk: Buffer) => parser.push(chunk, (frame) => this.#onFrame(frame)));
		far.write(encodeJsonFrame(FrameType.hello, 0, this.hello));
		return near;
	}

	/** Ends the connection as a network does. */
	cut(): void {
		this.#stream?.destroy();
		this.#near?.destroy();
		this.asked.length = 0;
	}

	/** Waits for the next request, which must be of this kind. */
	async next<Op extends LinkRequest["op"]>(op: Op): Promise<{ number: number; request: LinkRequestOf<Op> }> {
		const deadline = performance.now() + 5_000;
		while (this.asked.length === 0) {
			assert.ok(performance.now() < deadline, `no request for ${op}`);
			await turn();
		}
		const [asked] = this.asked.splice(0, 1);
		assert.equal(asked?.request.op, op);
		return asked as { number: number; request: LinkRequestOf<Op> };
	}

	/** Frames that arrive in one chunk. */
	async say(...frames: Buffer[]): Promise<void> {
		this.#stream?.write(Buffer.concat(frames));
		await settled();
	}

	#onFrame({ type, channel, payload }: Frame): void {
		if (type === FrameType.request) {
			this.asked.push({ number: channel, request: LinkRequest.parse(decodeJson(payload)) });
		} else if (type === FrameType.credit) {
			this.credits.push({ channel, offset: decodeOffsetFrame(payload).offset });
		} else if (type === FrameType.input) {
			this.inputs.push({ channel, seq: decodeOffsetFrame(payload).offset });
		}
	}
}

/** Whatever was said has been heard. */
export async function settled(): Promise<void> {
	for (let count = 0; count < SETTLING_TURNS; count += 1) await turn();
}

export const answer = (number: number, result: object): Buffer =>
	encodeJsonFrame(FrameType.response, number, { ok: true, result });

export const output = (channel: number, offset: number, text: string): Buffer =>
	encodeOffsetFrame(FrameType.output, channel, offset, Buffer.from(text));

export const event = (value: LinkEvent): Buffer => encodeJsonFrame(FrameType.event, 0, value);

export function sessionOf(sessionId: SessionId): SessionInfo {
	return {
		sessionId,
		name: "shell",
		state: { kind: "running", attached: 1 },
		size: SIZE,
		sizedAt: 0,
		expiry: null,
		createdAt: 0,
		outputEnd: 0,
		outputStart: 0,
	};
}

/** The answer to an attachment; by default output goes on at `from`. */
export function attached(sessionId: SessionId, from: number, more: Partial<AttachResult> = {}): AttachResult {
	const sizes = [{ offset: from, ...SIZE }];
	return { session: sessionOf(sessionId), from, snapshotEnd: null, sizes, inputAccepted: 0, ...more };
}
