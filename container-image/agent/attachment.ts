/** One page looking at one session through one link: where it stands in the output. */
import type { PageId } from "../../server/protocol/ids.ts";
import { OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { OutputWindow } from "./output-window.ts";
import type { EntryPoint, Replay } from "./replay.ts";

/** What a session's attachment needs of the link that carries it. */
export interface AttachmentCarrier {
	/** There is output that may be sent. */
	onReady(attachment: Attachment): void;
	/** The session has let go of the attachment. */
	onDetached(attachment: Attachment): void;
}

export type AttachmentOptions = {
	channel: number;
	pageId: PageId;
	size: TerminalSize;
	carrier: AttachmentCarrier;
};

export class Attachment {
	readonly channel: number;
	readonly pageId: PageId;
	readonly carrier: AttachmentCarrier;
	readonly window: OutputWindow;
	readonly #replay: Replay;
	/** Stands in place of the output's own bytes, up to `#prefaceEnd`. */
	#preface: Buffer;
	#prefaceEnd: number;
	/** Size of the page's own terminal. */
	size: TerminalSize;
	/** Place in the order in which attachments attached, resized or typed; the greatest decides the size. */
	lastActive = 0;
	/** When output was last sent, as of `performance.now()`. */
	lastSentAt = Number.NEGATIVE_INFINITY;
	#hasBegun = false;

	/** Begins at `from`, or where that is gone, or null, at the oldest place that can be shown rightly. */
	constructor({ channel, pageId, size, carrier }: AttachmentOptions, replay: Replay, from: number | null) {
		const entry = from !== null && from >= replay.start ? { from, preface: NOTHING } : replay.entryPoint();
		this.channel = channel;
		this.pageId = pageId;
		this.size = size;
		this.carrier = carrier;
		this.window = new OutputWindow(entry.from, OUTPUT_WINDOW_BYTES);
		this.#replay = replay;
		this.#preface = entry.preface;
		this.#prefaceEnd = entry.from + entry.preface.length;
	}

	/** Lets output flow. To be called once the gateway has been told of the attachment. */
	begin(): void {
		this.#hasBegun = true;
		this.wake();
	}

	/** Tells the link where there is something to send. */
	wake(): void {
		if (this.#hasBegun && this.pending > 0) this.carrier.onReady(this);
	}

	/** Bytes that are there and were not sent yet. */
	get pending(): number {
		return this.#replay.end - (this.#hasFallenBehind ? this.#replay.start : this.window.position);
	}

	/** Bytes of output that the page has not parsed. */
	get lag(): number {
		return this.window.lag(this.#replay.end);
	}

	/**
	 * The next bytes to send, at most `max`; null where the window has no room for them. Rather than squeeze a few
	 * bytes through the last gap, it waits for room for all of them.
	 */
	take(max: number): { offset: number; bytes: Buffer } | null {
		if (this.#hasFallenBehind) this.#enterAgain(this.#replay.entryPoint());
		const length = Math.min(max, this.pending);
		if (length === 0 || this.window.room < length) return null;
		const offset = this.window.position;
		const left = this.#prefaceEnd - offset;
		const bytes = left > 0 ? this.#preface.subarray(-left).subarray(0, length) : this.#replay.read(offset, length);
		this.window.advance(bytes.length);
		return { offset, bytes };
	}

	/** The next bytes are gone. */
	get #hasFallenBehind(): boolean {
		return Math.max(this.window.position, this.#prefaceEnd) < this.#replay.start;
	}

	#enterAgain({ from, preface }: EntryPoint): void {
		this.window.skipTo(from);
		this.#preface = preface;
		this.#prefaceEnd = from + preface.length;
	}
}

const NOTHING = Buffer.alloc(0);
