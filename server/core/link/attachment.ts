/** One page looking at one session: how far it has come, and where its bytes go. */
import type { BerthError } from "../../protocol/errors.ts";
import type { PageId, SessionId, Username } from "../../protocol/ids.ts";
import { OUTPUT_WINDOW_BYTES } from "../../protocol/limits.ts";
import type { AttachResult } from "../../protocol/link.ts";
import type { TerminalSize } from "../../protocol/session.ts";
import type { DetachReason } from "../../protocol/terminal.ts";

/** Where the news of a page's attachments go. */
export type AttachmentSink = {
	/** `bytes` begin at `offset` of the session's output. */
	onOutput(sessionId: SessionId, offset: number, bytes: Buffer): void;
	/** The agent has the page's input up to `seq`. */
	onInputAck(sessionId: SessionId, seq: number): void;
	/** The agent did not take some input: it is to be sent again from `seq`. */
	onInputRefused(sessionId: SessionId, seq: number, error: BerthError): void;
	/** The attachment has ended, the session goes on: it may be attached anew. */
	onDetached(sessionId: SessionId, reason: DetachReason): void;
	/** The session is gone with its container, or could not be resumed. Nothing comes after it. */
	onLost(sessionId: SessionId): void;
};

export type AttachmentTarget = {
	username: Username;
	sessionId: SessionId;
	pageId: PageId;
	size: TerminalSize;
};

export class Attachment {
	readonly target: AttachmentTarget;
	readonly #sink: AttachmentSink;
	/** Its number on the connection that carries it now; null while there is none. */
	channel: number | null = null;
	#nextOffset: number;
	/** The page has parsed everything before it. */
	#parsed: number;
	readonly #snapshotEnd: number;
	/** News that came before `release`; null from then on. Never more than the output window. */
	#held: (() => void)[] | null = [];

	constructor(target: AttachmentTarget, sink: AttachmentSink, { from, snapshotEnd }: AttachmentEntry) {
		this.target = target;
		this.#sink = sink;
		this.#nextOffset = from;
		this.#parsed = from;
		this.#snapshotEnd = snapshotEnd ?? from;
	}

	/** The same for each attachment of this page to this session, of which there is one at a time. */
	get key(): string {
		return `${this.target.sessionId} ${this.target.pageId}`;
	}

	/** Offset of the next byte of output to hand on: where to resume. */
	get nextOffset(): number {
		return this.#nextOffset;
	}

	/**
	 * Amid a snapshot there is no way to go on: the next one would be another. And as a connection begins with a whole
	 * output window, a page that does not read must not be given one each time.
	 */
	get canResume(): boolean {
		return this.#nextOffset >= this.#snapshotEnd && this.#nextOffset - this.#parsed <= OUTPUT_WINDOW_BYTES;
	}

	/**
	 * Notes up to where the page has parsed, and returns it. More than was handed on cannot have been parsed; the agent
	 * would take it for a broken peer.
	 */
	credit(offset: number): number {
		this.#parsed = Math.max(this.#parsed, Math.min(offset, this.#nextOffset));
		return this.#parsed;
	}

	/** Whether it belongs to the same connection of the same page. */
	hasSinkOf(other: Attachment): boolean {
		return this.#sink === other.#sink;
	}

	/** From now on news reach the sink. To be called once its owner has been told of the attachment. */
	release(): void {
		const held = this.#held ?? [];
		this.#held = null;
		for (const tell of held) tell();
	}

	/** Hands output on; bytes that were handed on before (they may come twice around a resume) are left out. */
	deliver(offset: number, bytes: Buffer): void {
		this.#tell(() => {
			const known = Math.max(0, this.#nextOffset - offset);
			if (known >= bytes.length) return;
			this.#nextOffset = offset + bytes.length;
			this.#sink.onOutput(this.target.sessionId, offset + known, known === 0 ? bytes : bytes.subarray(known));
		});
	}

	acknowledgeInput(seq: number): void {
		this.#tell(() => this.#sink.onInputAck(this.target.sessionId, seq));
	}

	refuseInput(seq: number, error: BerthError): void {
		this.#tell(() => this.#sink.onInputRefused(this.target.sessionId, seq, error));
	}

	/** Nothing comes behind it. */
	end(reason: DetachReason): void {
		this.#tell(() => this.#sink.onDetached(this.target.sessionId, reason));
	}

	lose(): void {
		this.#tell(() => this.#sink.onLost(this.target.sessionId));
	}

	#tell(tell: () => void): void {
		if (this.#held === null) tell();
		else this.#held.push(tell);
	}
}

export type AttachmentEntry = Pick<AttachResult, "from" | "snapshotEnd">;
