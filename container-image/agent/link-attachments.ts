/** The attachments of one link: which channel is which session, and the frames that concern one channel. */
import { BerthError } from "../../server/protocol/errors.ts";
import type { PageId } from "../../server/protocol/ids.ts";
import { INPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import type { LinkEvent } from "../../server/protocol/link.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import type { Attachment, AttachmentCarrier, LossReason } from "./attachment.ts";
import { type OutputPipe, OutputScheduler } from "./output-scheduler.ts";
import type { Session } from "./session.ts";

export type ChannelWriter = OutputPipe & {
	sendInputAck(channel: number, accepted: number): void;
	sendEvent(event: LinkEvent): void;
};

export type AttachTarget = { channel: number; pageId: PageId; size: TerminalSize };
type Bound = { session: Session; attachment: Attachment };

/** Many keys share one acknowledgement: all that it does is let the page forget what it would send again. */
const ACK_DELAY_MS = 250;
/** A quarter of what a page may have sent without word: a paste never waits for the delay. */
const ACK_BYTES = INPUT_WINDOW_BYTES / 4;

export class LinkAttachments implements AttachmentCarrier {
	readonly #writer: ChannelWriter;
	readonly #scheduler: OutputScheduler;
	readonly #byChannel = new Map<number, Bound>();
	/** Input taken and not acknowledged yet, by channel. */
	readonly #acks = new Map<number, number>();
	#unacknowledged = 0;
	#ackTimer: NodeJS.Timeout | undefined;
	/** Channels that were used already. Gateways count up, so one number says it for all. */
	#lastChannel = 0;
	#isClosed = false;

	constructor(writer: ChannelWriter) {
		this.#writer = writer;
		this.#scheduler = new OutputScheduler(writer);
	}

	/** False once the link has ended: there is nobody left to open or attach anything for. */
	get isOpen(): boolean {
		return !this.#isClosed;
	}

	/** Throws `BerthError` BAD_REQUEST for a channel that was used before. */
	claim(channel: number): void {
		if (channel <= this.#lastChannel) throw new BerthError("BAD_REQUEST", { detail: "channel: was used before" });
		this.#lastChannel = channel;
	}

	/** Binds a claimed channel. `from` as in `Session.attach`. */
	attach(session: Session, { channel, pageId, size }: AttachTarget, from: number | null): Attachment {
		const attachment = session.attach({ channel, pageId, size, carrier: this }, from);
		this.#byChannel.set(channel, { session, attachment });
		return attachment;
	}

	detach(channel: number): void {
		const bound = this.#byChannel.get(channel);
		bound?.session.detach(bound.attachment);
	}

	/** Throws `BerthError` SESSION_NOT_ATTACHED. */
	resize(channel: number, size: TerminalSize): void {
		const bound = this.#byChannel.get(channel);
		if (bound === undefined) throw new BerthError("SESSION_NOT_ATTACHED");
		bound.session.resize(bound.attachment, size);
	}

	/** Credits for an attachment that has just ended are nothing unusual. False where the gateway makes them up. */
	credit(channel: number, offset: number): boolean {
		const bound = this.#byChannel.get(channel);
		return bound === undefined || bound.session.credit(bound.attachment, offset);
	}

	input(channel: number, seq: number, bytes: Buffer): void {
		const bound = this.#byChannel.get(channel);
		if (bound !== undefined) this.#scheduler.typed(bound.attachment);
		const result = bound?.session.input(bound.attachment, seq, bytes);
		if (result?.kind === "accepted") this.#acknowledge(channel, result.accepted, bytes.length);
		else this.#refuse(channel, result?.code ?? "SESSION_NOT_ATTACHED", result?.accepted ?? 0);
	}

	/** The link has taken something: there may be room for more. */
	pump(): void {
		this.#scheduler.pump();
	}

	/** Ends all attachments; the sessions go on. */
	close(): void {
		this.#isClosed = true;
		clearTimeout(this.#ackTimer);
		for (const channel of [...this.#byChannel.keys()]) this.detach(channel);
		this.#scheduler.close();
	}

	onReady(attachment: Attachment): void {
		this.#scheduler.add(attachment);
	}

	onDetached(attachment: Attachment, reason: LossReason | null): void {
		const { channel } = attachment;
		this.#byChannel.delete(channel);
		this.#scheduler.remove(attachment);
		if (reason !== null) this.#writer.sendEvent({ kind: "detached", channel, reason });
	}

	/** Nobody waits for it but a long paste; what people wait for is the echo, so that goes first. */
	#acknowledge(channel: number, accepted: number, bytes: number): void {
		this.#acks.set(channel, accepted);
		this.#unacknowledged += bytes;
		if (this.#unacknowledged >= ACK_BYTES) this.#sendAcks();
		else this.#ackTimer ??= setTimeout(() => this.#sendAcks(), ACK_DELAY_MS);
	}

	#sendAcks(): void {
		clearTimeout(this.#ackTimer);
		this.#ackTimer = undefined;
		this.#unacknowledged = 0;
		for (const [channel, accepted] of this.#acks) this.#writer.sendInputAck(channel, accepted);
		this.#acks.clear();
	}

	#refuse(channel: number, code: Refusal, accepted: number): void {
		this.#sendAcks();
		this.#writer.sendEvent({ kind: "input-refused", channel, code, accepted });
	}
}

type Refusal = Extract<LinkEvent, { kind: "input-refused" }>["code"];
