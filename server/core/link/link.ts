/**
 * The link to one container's agent, for as long as that agent lives. A connection that breaks is opened again, and
 * every attachment goes on where it was: neither page nor program notices more than a pause.
 */
import type { Duplex } from "node:stream";
import { assertNever } from "../../protocol/assert-never.ts";
import { BerthError } from "../../protocol/errors.ts";
import type { PageId, Username } from "../../protocol/ids.ts";
import type {
	AgentHello,
	AttachResult,
	GatewayHello,
	LinkEvent,
	LinkRequestOf,
	LinkResults,
	UserEvent,
} from "../../protocol/link.ts";
import type { TerminalSize } from "../../protocol/session.ts";
import type { DetachReason } from "../../protocol/terminal.ts";
import type { Log } from "../log.ts";
import { Attachment, type AttachmentSink, type AttachmentTarget } from "./attachment.ts";
import { LinkConnection } from "./link-connection.ts";

export type LinkOptions = {
	/** Opens a new byte stream to the agent. */
	connect(): Promise<Duplex>;
	hello: Omit<GatewayHello, "protocol" | "role">;
	/** Session news of every user in the container. */
	onEvent(event: UserEvent): void;
	/** Once: the agent is gone, or cannot be reached any more. All attachments were told. */
	onLost(reason: BerthError): void;
	log: Log;
};

/** First pause before a broken connection is opened again; doubled each time. */
const RECONNECT_FIRST_MS = 20;
/** Tries before the agent is given up; the pauses add up to 2.5 s, which outlasts a hiccup but no dead container. */
const RECONNECT_TRIES = 7;

/** Operations that are bound to no channel. */
type PlainOperation = Exclude<keyof LinkResults, "open" | "attach" | "detach" | "resize">;

export class Link {
	readonly #options: LinkOptions;
	/** By `Attachment.key`. */
	readonly #attachments = new Map<string, Attachment>();
	readonly #byChannel = new Map<number, Attachment>();
	/** News on channels whose binding was not answered yet: they may come in the same chunk as the answer. */
	readonly #early = new Map<number, News[]>();
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
		request: Pick<LinkRequestOf<"open">, "account" | "limits" | "name" | "environment"> & {
			pageId: PageId;
			size: TerminalSize;
		},
		sink: AttachmentSink,
	): Promise<Bound> {
		const { account, environment, limits, name, pageId, size } = request;
		const connection = this.#required();
		return await this.#bind(connection, async (channel) => {
			const attachment = { channel, pageId, size };
			const result = await connection.request({ op: "open", account, limits, environment, name, attachment });
			const target = { username: account.username, sessionId: result.session.sessionId, pageId, size };
			return { attachment: new Attachment(target, sink, result), result };
		});
	}

	/** Attaches a page to a session; `from` null says that its terminal is empty. Throws as `request`. */
	async attach(target: AttachmentTarget, from: number | null, sink: AttachmentSink): Promise<Bound> {
		const connection = this.#required();
		return await this.#bind(connection, async (channel) => {
			const result = await requestAttach(connection, channel, target, from);
			return { attachment: new Attachment(target, sink, result), result };
		});
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
		const credit = attachment.credit(offset);
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
		this.#giveUp(reason, (attachment) => attachment.lose());
	}

	async #connect(): Promise<LinkConnection> {
		const stream = await this.#options.connect();
		const connection = await LinkConnection.open(stream, this.#options.hello, {
			onOutput: (channel, offset, bytes) => this.#pass(channel, (attachment) => attachment.deliver(offset, bytes)),
			onInputAck: (channel, seq) => this.#pass(channel, (attachment) => attachment.acknowledgeInput(seq)),
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
			case "disk-measured":
				this.#options.onEvent(event);
				return;
			case "input-refused": {
				const { channel, accepted, code } = event;
				this.#pass(channel, (attachment) => attachment.refuseInput(accepted, new BerthError(code)));
				return;
			}
			case "detached": {
				const { channel, reason } = event;
				this.#pass(channel, (attachment) => this.#end(attachment, reason));
				return;
			}
			default:
				assertNever(event);
		}
	}

	#pass(channel: number, news: News): void {
		const attachment = this.#byChannel.get(channel);
		if (attachment === undefined) this.#early.get(channel)?.push(news);
		else news(attachment);
	}

	/** It has ended and is not to be resumed; its page may attach anew. */
	#end(attachment: Attachment, reason: DetachReason): void {
		this.#forget(attachment);
		attachment.end(reason);
	}

	/** Returns the channel that it had. */
	#forget(attachment: Attachment): number | null {
		const { channel, key } = attachment;
		if (this.#attachments.get(key) === attachment) this.#attachments.delete(key);
		if (channel !== null) this.#byChannel.delete(channel);
		attachment.channel = null;
		return channel;
	}

	#onClosed(reason: BerthError): void {
		this.#connection = null;
		this.#byChannel.clear();
		for (const attachment of this.#attachments.values()) attachment.channel = null;
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
				await Promise.all([...this.#attachments.values()].map((attachment) => this.#resume(connection, attachment)));
				if (!connection.isOpen) return;
				this.#options.log.info({ attachments: this.#attachments.size }, "link is open again");
				return;
			} catch (thrown) {
				reason = thrown instanceof BerthError ? thrown : new BerthError("LINK_BROKEN", { cause: thrown });
			}
		}
		if (reason.code === "CONTAINER_RESTARTING") this.lose(reason);
		// The sessions may go on where nobody reaches them now: pages attach again once somebody does.
		else this.#giveUp(reason, (attachment) => attachment.end("link"));
	}

	#giveUp(reason: BerthError, tell: News): void {
		if (this.#isEnded) return;
		const attachments = [...this.#attachments.values()];
		this.close();
		for (const attachment of attachments) tell(attachment);
		this.#options.onLost(reason);
	}

	async #resume(connection: LinkConnection, attachment: Attachment): Promise<void> {
		const { target, nextOffset, canResume } = attachment;
		if (!canResume) {
			this.#end(attachment, "link");
			return;
		}
		const { size } = target;
		try {
			await this.#bind(connection, async (channel) => {
				const result = await requestAttach(connection, channel, target, nextOffset);
				if (this.#attachments.get(attachment.key) !== attachment) return null;
				if (result.from !== nextOffset || result.snapshotEnd !== null) {
					this.#end(attachment, "link");
					return null;
				}
				this.#tellSizes(target.username, result);
				// Input that was under way on the broken connection may be lost: the page sends again from here.
				attachment.refuseInput(result.inputAccepted, new BerthError("LINK_BROKEN"));
				return { attachment, result };
			});
			if (target.size !== size) this.resize(attachment, target.size).catch(() => {});
		} catch (thrown) {
			if (!connection.isOpen) return;
			this.#options.log.warn({ err: thrown, sessionId: target.sessionId }, "session did not resume");
			this.detach(attachment);
			attachment.lose();
		}
	}

	/** Sizes that pages may not have heard of, each as if it came when it was new. */
	#tellSizes(username: Username, { session, sizes }: AttachResult): void {
		for (const { offset, cols, rows } of sizes.slice(0, -1)) {
			const then = { ...session, size: { cols, rows }, sizedAt: offset };
			this.#options.onEvent({ kind: "session-changed", username, session: then });
		}
		this.#options.onEvent({ kind: "session-changed", username, session });
	}

	/** Chooses a channel, has the agent bind it, and carries the attachment there; null where `ask` wants none. */
	async #bind<Outcome extends Bound | null>(
		connection: LinkConnection,
		ask: (channel: number) => Promise<Outcome>,
	): Promise<Outcome> {
		const channel = connection.newChannel();
		const early: News[] = [];
		this.#early.set(channel, early);
		try {
			const bound = await ask(channel);
			if (this.#isEnded) throw new BerthError("LINK_BROKEN");
			if (bound === null) connection.request({ op: "detach", channel }).catch(() => {});
			else this.#carry(connection, channel, bound.attachment, early);
			return bound;
		} finally {
			this.#early.delete(channel);
		}
	}

	/** If the connection broke meanwhile, the attachment resumes with the others. */
	#carry(connection: LinkConnection, channel: number, attachment: Attachment, early: News[]): void {
		const { key } = attachment;
		const earlier = this.#attachments.get(key);
		// The agent has ended it for the new one; it must not come back with the next connection.
		if (earlier !== undefined && earlier !== attachment) this.#replace(earlier, attachment);
		this.#attachments.set(key, attachment);
		if (connection.isOpen) {
			attachment.channel = channel;
			this.#byChannel.set(channel, attachment);
		}
		for (const news of early) news(attachment);
	}

	/** A page knows what it asked for itself, not what another connection of its own still asked for. */
	#replace(earlier: Attachment, later: Attachment): void {
		if (earlier.hasSinkOf(later)) this.#forget(earlier);
		else this.#end(earlier, "replaced");
	}

	#required(): LinkConnection {
		if (this.#connection === null) throw new BerthError("LINK_BROKEN");
		return this.#connection;
	}
}

export type Bound = { attachment: Attachment; result: AttachResult };

/** Something that concerns one attachment. */
type News = (attachment: Attachment) => void;

async function requestAttach(
	connection: LinkConnection,
	channel: number,
	target: AttachmentTarget,
	from: number | null,
): Promise<AttachResult> {
	const { username, sessionId, pageId, size } = target;
	return await connection.request({ op: "attach", username, sessionId, attachment: { channel, pageId, size }, from });
}
