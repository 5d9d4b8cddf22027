/**
 * The link to one container's agent, for as long as that agent lives. A connection that breaks is opened again, and
 * every attachment goes on where it was: neither page nor program notices more than a pause.
 */
import type { Duplex } from "node:stream";
import { assertNever } from "../../protocol/assert-never.ts";
import { BerthError } from "../../protocol/errors.ts";
import type { PageId } from "../../protocol/ids.ts";
import type {
	AgentHello,
	AttachResult,
	GatewayHello,
	LinkEvent,
	LinkRequestOf,
	LinkResults,
	SessionEvent,
} from "../../protocol/link.ts";
import type { TerminalSize } from "../../protocol/session.ts";
import type { DetachReason } from "../../protocol/terminal.ts";
import type { Log } from "../log.ts";
import { Attachment, type AttachmentSink, type AttachmentTarget, type HeldOutput } from "./attachment.ts";
import { LinkConnection } from "./link-connection.ts";

export type LinkOptions = {
	/** Opens a new byte stream to the agent. */
	connect(): Promise<Duplex>;
	hello: Omit<GatewayHello, "protocol" | "role">;
	/** Session news of every user in the container. */
	onEvent(event: SessionEvent): void;
	/** Once: the agent is gone, or cannot be reached any more. All attachments were told. */
	onLost(reason: BerthError): void;
	log: Log;
};

/** First pause before a broken connection is opened again; doubled each time. */
const RECONNECT_FIRST_MS = 20;
/** Tries before the agent is given up; the pauses add up to 2.5 s, which outlasts a hiccup but no dead container. */
const RECONNECT_TRIES = 7;

/** News of a session tell its newest size: of more changes since, the page would miss the earlier ones. */
const MOST_SIZES_TOLD = 2;

/** Operations that are bound to no channel. */
type PlainOperation = Exclude<keyof LinkResults, "open" | "attach" | "detach" | "resize">;

export class Link {
	readonly #options: LinkOptions;
	readonly #attachments = new Set<Attachment>();
	readonly #byChannel = new Map<number, Attachment>();
	/** Output on channels whose binding was not answered yet: it may come in the same chunk as the answer. */
	readonly #early = new Map<number, HeldOutput[]>();
	#agent: AgentHello | null = null;
	#connection: LinkConnection | null = null;
	#isEnded = false;

	/** Throws what `connect` and `LinkConnection.open` throw. */
	static async open(options: LinkOptions): Promise<Link> {
		const link = new Link(options);
		const { hello } = await link.#connect();
		link.#agent = hello;
		return link;
	}

	private constructor(options: LinkOptions) {
		this.#options = options;
	}

	/** What the agent said of itself at first. An agent with another `bootId` is not this link's any more. */
	get agent(): AgentHello {
		if (this.#agent === null) throw new Error("the link was not opened");
		return this.#agent;
	}

	/** Throws `BerthError`: the agent's answer, or LINK_BROKEN. */
	async request<Op extends PlainOperation>(request: LinkRequestOf<Op>): Promise<LinkResults[Op]> {
		return await this.#required().request(request);
	}

	/** Starts a session and attaches to it. Throws as `request`. */
	async openSession(
		request: {
			account: LinkRequestOf<"open">["account"];
			name: string;
			pageId: PageId;
			size: TerminalSize;
		},
		sink: AttachmentSink,
	): Promise<{ attachment: Attachment; result: AttachResult }> {
		const { account, name, pageId, size } = request;
		return await this.#bind(sink, (connection, channel) =>
			connection.request({ op: "open", account, name, attachment: { channel, pageId, size } }).then((result) => ({
				result,
				target: { username: account.username, sessionId: result.session.sessionId, pageId, size },
			})),
		);
	}

	/** Attaches a page to a session; `from` null says that its terminal is empty. Throws as `request`. */
	async attach(
		target: AttachmentTarget,
		from: number | null,
		sink: AttachmentSink,
	): Promise<{ attachment: Attachment; result: AttachResult }> {
		return await this.#bind(sink, (connection, channel) =>
			requestAttach(connection, channel, target, from).then((result) => ({ result, target })),
		);
	}

	/** Ends an attachment; the session goes on. Never fails: a broken connection has ended it already. */
	detach(attachment: Attachment): void {
		const channel = this.#forget(attachment);
		if (channel !== null) this.#connection?.request({ op: "detach", channel }).catch(() => {});
	}

	/** Throws as `request`. The size is kept for a resume in any case. */
	async resize(attachment: Attachment, size: TerminalSize): Promise<void> {
		attachment.target.size = size;
		if (attachment.channel === null) return;
		await this.#required().request({ op: "resize", channel: attachment.channel, size });
	}

	/** While the connection is broken input goes nowhere: the page keeps it, and is told from where to send again. */
	sendInput(attachment: Attachment, seq: number, bytes: Uint8Array): void {
		if (attachment.channel !== null) this.#connection?.sendInput(attachment.channel, seq, bytes);
	}

	sendCredit(attachment: Attachment, offset: number): void {
		// More than was handed on cannot have been parsed; the agent would take it for a broken peer.
		const credit = Math.min(offset, attachment.nextOffset);
		if (attachment.channel !== null) this.#connection?.sendCredit(attachment.channel, credit);
	}

	/** Ends the link and its attachments without a word to them; sessions go on in the container. */
	close(): void {
		this.#isEnded = true;
		this.#connection?.close();
		this.#attachments.clear();
		this.#byChannel.clear();
	}

	/** The container is known to be gone: ends the link and tells all attachments. */
	lose(reason: BerthError): void {
		if (this.#isEnded) return;
		const lost = [...this.#attachments];
		this.close();
		for (const attachment of lost) attachment.lose();
		this.#options.onLost(reason);
	}

	async #connect(): Promise<LinkConnection> {
		const stream = await this.#options.connect();
		const connection = await LinkConnection.open(stream, this.#options.hello, {
			onOutput: (channel, offset, bytes) => {
				this.#byChannel.get(channel)?.deliver(offset, bytes);
				this.#early.get(channel)?.push({ offset, bytes });
			},
			onInputAck: (channel, seq) => this.#byChannel.get(channel)?.acknowledgeInput(seq),
			onEvent: (event) => this.#onEvent(event),
			onClosed: (reason) => this.#onClosed(reason),
		});
		if (this.#isEnded) connection.close();
		if (!connection.isOpen) throw new BerthError("LINK_BROKEN");
		this.#connection = connection;
		return connection;
	}

	#onEvent(event: LinkEvent): void {
		switch (event.kind) {
			case "session-changed":
			case "session-closed":
				this.#options.onEvent(event);
				return;
			case "input-refused":
				this.#byChannel.get(event.channel)?.refuseInput(event.accepted, new BerthError(event.code));
				return;
			case "detached":
				this.#onDetached(event.channel, event.reason);
				return;
			default:
				assertNever(event);
		}
	}

	#onDetached(channel: number, reason: DetachReason): void {
		const attachment = this.#byChannel.get(channel);
		if (attachment === undefined) return;
		this.#forget(attachment);
		attachment.end(reason);
	}

	/** Returns the channel that it had. */
	#forget(attachment: Attachment): number | null {
		const { channel } = attachment;
		this.#attachments.delete(attachment);
		if (channel !== null) this.#byChannel.delete(channel);
		attachment.channel = null;
		return channel;
	}

	#onClosed(reason: BerthError): void {
		this.#connection = null;
		this.#byChannel.clear();
		for (const attachment of this.#attachments) attachment.channel = null;
		if (this.#isEnded || this.#agent === null) return;
		this.#options.log.warn({ err: reason }, "link broke, opening it again");
		void this.#reopen(this.#agent.bootId);
	}

	/** Opens the connection again and resumes, or gives the link up. */
	async #reopen(bootId: string): Promise<void> {
		let reason = new BerthError("LINK_BROKEN");
		for (let attempt = 0; attempt < RECONNECT_TRIES && !this.#isEnded; attempt += 1) {
			await new Promise((resolve) => setTimeout(resolve, RECONNECT_FIRST_MS * 2 ** attempt));
			if (this.#isEnded) return;
			try {
				const connection = await this.#connect();
				if (connection.hello.bootId !== bootId) {
					reason = new BerthError("CONTAINER_RESTARTING", { detail: "the agent was restarted" });
					break;
				}
				await Promise.all([...this.#attachments].map((attachment) => this.#resume(connection, attachment)));
				this.#options.log.info({ attachments: this.#attachments.size }, "link is open again");
				return;
			} catch (thrown) {
				reason = thrown instanceof BerthError ? thrown : new BerthError("LINK_BROKEN", { cause: thrown });
			}
		}
		this.lose(reason);
	}

	async #resume(connection: LinkConnection, attachment: Attachment): Promise<void> {
		const { target, nextOffset, canResume } = attachment;
		if (!canResume) {
			this.#end(attachment);
			return;
		}
		const channel = connection.newChannel();
		this.#carry(attachment, channel);
		try {
			const result = await requestAttach(connection, channel, target, nextOffset);
			if (result.snapshotEnd !== null || result.sizes.length > MOST_SIZES_TOLD) {
				this.#end(attachment);
				return;
			}
			this.#options.onEvent({ kind: "session-changed", username: target.username, session: result.session });
			// Input that was under way on the broken connection may be lost: the page sends again from here.
			attachment.refuseInput(result.inputAccepted, new BerthError("LINK_BROKEN"));
		} catch (thrown) {
			if (!connection.isOpen) return;
			this.#options.log.warn({ err: thrown, sessionId: target.sessionId }, "session did not resume");
			this.detach(attachment);
			attachment.lose();
		}
	}

	/** It cannot go on where it was; its page attaches anew. */
	#end(attachment: Attachment): void {
		this.detach(attachment);
		attachment.end("link");
	}

	/** Chooses a channel, has the agent bind it, and keeps the attachment. */
	async #bind(
		sink: AttachmentSink,
		ask: (connection: LinkConnection, channel: number) => Promise<Bound>,
	): Promise<{ attachment: Attachment; result: AttachResult }> {
		const connection = this.#required();
		const channel = connection.newChannel();
		const early: HeldOutput[] = [];
		this.#early.set(channel, early);
		try {
			const { result, target } = await ask(connection, channel);
			const attachment = new Attachment(target, sink, result, early);
			this.#attachments.add(attachment);
			// If it broke meanwhile, the attachment resumes with the others.
			if (connection.isOpen) this.#carry(attachment, channel);
			return { attachment, result };
		} finally {
			this.#early.delete(channel);
		}
	}

	#carry(attachment: Attachment, channel: number): void {
		attachment.channel = channel;
		this.#byChannel.set(channel, attachment);
	}

	#required(): LinkConnection {
		if (this.#connection === null) throw new BerthError("LINK_BROKEN");
		return this.#connection;
	}
}

type Bound = { result: AttachResult; target: AttachmentTarget };

async function requestAttach(
	connection: LinkConnection,
	channel: number,
	target: AttachmentTarget,
	from: number | null,
): Promise<AttachResult> {
	const { username, sessionId, pageId, size } = target;
	return await connection.request({ op: "attach", username, sessionId, attachment: { channel, pageId, size }, from });
}
