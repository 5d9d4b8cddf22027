/** One page looking at one session through one link: where it stands in the output. */
import type { PageId } from "../../server/protocol/ids.ts";
import { OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import { OutputWindow } from "./output-window.ts";
import type { ReplayRing } from "./replay-ring.ts";

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
	readonly #ring: ReplayRing;
	/** Size of the page's own terminal. */
	size: TerminalSize;
	/** Place in the order in which attachments attached, resized or typed; the greatest decides the size. */
	lastActive = 0;
	/** When output was last sent, as of `performance.now()`. */
	lastSentAt = Number.NEGATIVE_INFINITY;
	#hasBegun = false;

	constructor({ channel, pageId, size, carrier }: AttachmentOptions, ring: ReplayRing, from: number) {
		this.channel = channel;
		this.pageId = pageId;
		this.size = size;
		this.carrier = carrier;
		this.window = new OutputWindow(from, OUTPUT_WINDOW_BYTES);
		this.#ring = ring;
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

	/** Bytes in the ring that were not sent yet. */
	get pending(): number {
		return this.#ring.end - Math.max(this.window.position, this.#ring.start);
	}

	/** Bytes of output that the page has not parsed. */
	get lag(): number {
		return this.window.lag(this.#ring.end);
	}

	/**
	 * The next bytes to send, at most `max`; null where the window has no room for them. Rather than squeeze a few
	 * bytes through the last gap, it waits for room for all of them.
	 */
	take(max: number): { offset: number; bytes: Buffer } | null {
		this.window.skipTo(this.#ring.start);
		const length = Math.min(max, this.pending);
		if (length === 0 || this.window.room < length) return null;
		const offset = this.window.position;
		const bytes = this.#ring.read(offset, length);
		this.window.advance(bytes.length);
		return { offset, bytes };
	}
}
