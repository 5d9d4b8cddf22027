/** One page looking at one session through one link: where it stands in the output. */
import type { PageId } from "../../server/protocol/ids.ts";
import { OUTPUT_TAIL_BYTES, OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import type { LinkEvent } from "../../server/protocol/link.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { OutputWindow } from "./output-window.ts";
import type { Entry, Replay } from "./replay.ts";

/** As the link's `detached` event says it. */
export type LossReason = Extract<LinkEvent, { kind: "detached" }>["reason"];

/** What a session's attachment needs of the link that carries it. */
export interface AttachmentCarrier {
	/** There is output that may be sent. */
	onReady(attachment: Attachment): void;
	/** The session has let go of the attachment; `reason` where it could not keep it. */
	onDetached(attachment: Attachment, reason: LossReason | null): void;
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
	/** How it began. */
	readonly entry: Omit<Entry, "snapshot">;
	/** Let go of once it has been sent. */
	#snapshot: Buffer;
	/** Size of the page's own terminal. */
	size: TerminalSize;
	/** Place in the order in which attachments attached, resized or typed; the greatest decides the size. */
	lastActive = 0;
	/** When output was last sent, as of `performance.now()`. */
	lastSentAt = Number.NEGATIVE_INFINITY;
	/** When a credit last came, as of `performance.now()`. */
	#creditedAt = Number.NEGATIVE_INFINITY;
	/** When output was last sent while the page owed no word. */
	#owesSince = Number.NEGATIVE_INFINITY;
	#hasBegun = false;

	constructor({ channel, pageId, size, carrier }: AttachmentOptions, replay: Replay, from: number | null) {
		const { snapshot, ...entry } = replay.enter(from);
		this.channel = channel;
		this.pageId = pageId;
		this.size = size;
		this.carrier = carrier;
		this.entry = entry;
		this.window = new OutputWindow(entry.from, OUTPUT_WINDOW_BYTES);
		this.#replay = replay;
		this.#snapshot = snapshot;
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
		return this.#replay.end - this.window.position;
	}

	/** Bytes of output that the page has not parsed. */
	get lag(): number {
		return this.window.lag(this.#replay.end);
	}

	/** Output that it was not sent is gone: it can never go on. */
	get isOverrun(): boolean {
		return Math.max(this.window.position, this.entry.snapshotEnd ?? 0) < this.#replay.start;
	}

	/** The page has parsed everything before `offset`. False where that was not even sent. */
	credit(offset: number): boolean {
		this.#creditedAt = performance.now();
		return this.window.credit(offset);
	}

	/** For how long there has been output for it to acknowledge that it has not, ms. */
	stalledFor(now: number): number {
		return this.#owesWord ? now - Math.max(this.#creditedAt, this.#owesSince) : 0;
	}

	get #owesWord(): boolean {
		return this.window.inFlight >= OUTPUT_TAIL_BYTES;
	}

	/**
	 * The next bytes to send, at most `max`; null where the window has no room for them. Rather than squeeze a few
	 * bytes through the last gap, it waits for room for all of them.
	 */
	take(max: number): { offset: number; bytes: Buffer } | null {
		const length = Math.min(max, this.pending);
		if (length === 0 || this.window.room < length) return null;
		if (!this.#owesWord) this.#owesSince = performance.now();
		const offset = this.window.position;
		const bytes = this.#read(offset, length);
		this.window.advance(bytes.length);
		return { offset, bytes };
	}

	#read(offset: number, length: number): Buffer {
		const left = (this.entry.snapshotEnd ?? 0) - offset;
		if (left > 0) return this.#snapshot.subarray(-left).subarray(0, length);
		this.#snapshot = NOTHING;
		return this.#replay.read(offset, length);
	}
}

const NOTHING = Buffer.alloc(0);
