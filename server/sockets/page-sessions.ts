/** What one page does with its user's sessions. Knows the user's container and nobody else's. */
import type { Visitor } from "../core/identity.ts";
import type { Attachment, AttachmentSink } from "../core/link/attachment.ts";
import type { Bound, Link } from "../core/link/link.ts";
import type { Location, Places } from "../core/places.ts";
import type { ShellSecrets } from "../core/secrets.ts";
import { BerthError, toWireError } from "../protocol/errors.ts";
import type { SessionId, UserId } from "../protocol/ids.ts";
import type { SessionInfo } from "../protocol/session.ts";
import type { Attached, Opened, PageRequest } from "../protocol/terminal.ts";

/** `container`: its name. */
type Binding = { container: string; link: Link; attachment: Attachment };

/** An attachment that is to be released once the page has been told of it. */
export type Released<Result extends Attached = Attached> = { attached: Result; container: string; release(): void };

/** For a new shell of this user. Never fails. */
export type SecretsOf = (userId: UserId) => Promise<ShellSecrets>;

export class PageSessions implements Disposable {
	readonly #visitor: Visitor;
	readonly #places: Places;
	readonly #secretsOf: SecretsOf;
	readonly #sink: AttachmentSink;
	readonly #bindings = new Map<SessionId, Binding>();
	#isDisposed = false;

	constructor(visitor: Visitor, { places, secretsOf }: { places: Places; secretsOf: SecretsOf }, sink: AttachmentSink) {
		this.#visitor = visitor;
		this.#places = places;
		this.#secretsOf = secretsOf;
		this.#sink = sink;
	}

	async open({ pageId, name, size }: PageRequest<"session:open">): Promise<Released<Opened>> {
		// Whoever has to wait need not be asked for secrets; and while they are asked for, the place may change.
		this.#location();
		const { environment, problems } = await this.#secretsOf(this.#visitor.userId);
		const { account, container, limits, link } = this.#location();
		const request = { account, environment, limits, name, pageId, size };
		const opened = this.#bind(container.name, link, await link.openSession(request, this.#sink));
		return { ...opened, attached: { ...opened.attached, secretProblems: problems.map(toWireError) } };
	}

	async attach({ pageId, sessionId, from, size }: PageRequest<"session:attach">): Promise<Released> {
		const { account, container, link } = this.#location();
		const target = { username: account.username, sessionId, pageId, size };
		return this.#bind(container.name, link, await link.attach(target, from, this.#sink));
	}

	/** Ends this page's attachment; one that does not exist is fine. */
	detach(sessionId: SessionId): void {
		const binding = this.#bindings.get(sessionId);
		this.#bindings.delete(sessionId);
		binding?.link.detach(binding.attachment);
	}

	async resize({ sessionId, size }: PageRequest<"session:resize">): Promise<void> {
		const { link, attachment } = this.#bindingOf(sessionId);
		await link.resize(attachment, size);
	}

	async signal({ sessionId, signal }: PageRequest<"session:signal">): Promise<void> {
		const { account, link } = this.#location();
		await link.request({ op: "signal", username: account.username, sessionId, signal });
	}

	async rename({ sessionId, name }: PageRequest<"session:rename">): Promise<void> {
		const { account, link } = this.#location();
		await link.request({ op: "rename", username: account.username, sessionId, name });
	}

	async close({ sessionId }: PageRequest<"session:close">): Promise<void> {
		const { account, link } = this.#location();
		await link.request({ op: "close", username: account.username, sessionId });
	}

	/** Oldest first. */
	async list(): Promise<SessionInfo[]> {
		const { account, link } = this.#location();
		const { sessions } = await link.request({ op: "list", username: account.username });
		return sessions.toSorted((a, b) => a.createdAt - b.createdAt);
	}

	input(sessionId: SessionId, seq: number, bytes: Uint8Array): void {
		const { link, attachment } = this.#bindingOf(sessionId);
		link.sendInput(attachment, seq, bytes);
	}

	/** Credit for a session that is not attached any more is no error: it crossed the news on the way. */
	credit(sessionId: SessionId, offset: number): void {
		const binding = this.#bindings.get(sessionId);
		binding?.link.sendCredit(binding.attachment, offset);
	}

	/** The link has ended this attachment. Returns the name of the container that it was to. */
	forget(sessionId: SessionId): string | null {
		const container = this.#bindings.get(sessionId)?.container ?? null;
		this.#bindings.delete(sessionId);
		return container;
	}

	/** Name of the container that the user's sessions are in. Throws `BerthError` why there is none. */
	get container(): string {
		return this.#location().container.name;
	}

	[Symbol.dispose](): void {
		this.#isDisposed = true;
		for (const sessionId of [...this.#bindings.keys()]) this.detach(sessionId);
	}

	#bind(container: string, link: Link, { attachment, result }: Bound): Released {
		const { sessionId } = result.session;
		this.detach(sessionId);
		if (this.#isDisposed) link.detach(attachment);
		else this.#bindings.set(sessionId, { container, link, attachment });
		return { attached: result, container, release: () => attachment.release() };
	}

	#location(): Extract<Location, { kind: "ready" }> {
		const location = this.#places.locate(this.#visitor);
		if (location.kind === "waiting") throw location.error;
		return location;
	}

	#bindingOf(sessionId: SessionId): Binding {
		const binding = this.#bindings.get(sessionId);
		if (binding === undefined) throw new BerthError("SESSION_NOT_ATTACHED");
		return binding;
	}
}
