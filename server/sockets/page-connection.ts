/** One connected page: parses what it sends, has it done, answers, and carries news to it. */
import { actorOf, type Presence } from "../core/authentication.ts";
import type { LimitAudit } from "../core/limit-audit.ts";
import type { Log } from "../core/log.ts";
import type { Location, Places } from "../core/places.ts";
import type { AtPage, SessionAudit } from "../core/session-audit.ts";
import { assertNever } from "../protocol/assert-never.ts";
import { BerthError, toWireError, type WireError } from "../protocol/errors.ts";
import type { SessionId } from "../protocol/ids.ts";
import type { UserEvent } from "../protocol/link.ts";
import { parse } from "../protocol/parse.ts";
import type { SignInEnd } from "../protocol/sign-in.ts";
import {
	type Attached,
	PAGE_MESSAGES,
	PAGE_REQUESTS,
	type PageRequest,
	type PageRequestName,
	type PageRequestResults,
	type Place,
	type SecretChange,
} from "../protocol/terminal.ts";
import { PageSessions, type Released, type SecretsOf } from "./page-sessions.ts";
import type { AtSocket, PageSocket } from "./terminal-sockets.ts";
import type { UserAllowance } from "./user-allowance.ts";

/** What is done for each request. `afterwards` runs once the answer is on its way. */
type Handlers = {
	[Name in PageRequestName]: (
		request: PageRequest<Name>,
	) => Promise<{ result: PageRequestResults[Name]; afterwards?: () => void }>;
};

export type PageConnectionOptions = {
	places: Places;
	secretsOf: SecretsOf;
	audits: { sessions: SessionAudit; limits: LimitAudit };
	log: Log;
};

export class PageConnection implements Disposable {
	readonly presence: Presence;
	readonly #by: AtPage;
	readonly #audits: PageConnectionOptions["audits"];
	readonly #allowance: UserAllowance;
	readonly #socket: PageSocket;
	readonly #places: Places;
	readonly #log: Log;
	readonly #sessions: PageSessions;
	#place: Place | null = null;

	constructor(
		socket: PageSocket,
		{ presence, address, allowance }: AtSocket & { allowance: UserAllowance },
		{ places, secretsOf, audits, log }: PageConnectionOptions,
	) {
		this.presence = presence;
		this.#by = { userId: presence.user.userId, address };
		this.#audits = audits;
		this.#allowance = allowance;
		this.#socket = socket;
		this.#places = places;
		this.#log = log;
		this.#sessions = new PageSessions(
			presence.user,
			{ places, secretsOf },
			{
				onOutput: (sessionId, offset, bytes) => socket.emit("session:output", sessionId, offset, bytes),
				onInputAck: (sessionId, seq) => socket.emit("session:input-ack", sessionId, seq),
				onInputRefused: (sessionId, seq, error) =>
					socket.emit("session:input-refused", sessionId, seq, toWireError(error)),
				onDetached: (sessionId, reason) => {
					this.#sessions.forget(sessionId);
					socket.emit("session:detached", sessionId, reason);
				},
				onLost: (sessionId) => {
					const container = this.#sessions.forget(sessionId);
					if (container !== null) audits.sessions.lost(this.#by, { sessionId, container });
					socket.emit("session:closed", sessionId, "container-lost");
				},
			},
		);
		this.#listen();
	}

	/** Looks where the user's shells run now, and tells the page where that changed. */
	refreshPlace(): void {
		const place = placeOf(this.#places.locate(this.presence.user));
		if (isSamePlace(place, this.#place)) return;
		this.#place = place;
		this.#socket.emit("place", place);
	}

	onUserEvent(event: UserEvent): void {
		switch (event.kind) {
			case "session-changed":
				this.#socket.emit("session:changed", event.session);
				return;
			case "session-closed":
				this.#sessions.detach(event.sessionId);
				this.#socket.emit("session:closed", event.sessionId, "closed");
				return;
			case "disk-measured":
				this.#socket.emit("disk", event.disk);
				return;
			default:
				assertNever(event);
		}
	}

	onSecretChanged(change: SecretChange): void {
		this.#socket.emit("secrets:changed", change);
	}

	/** The page's user is not signed in any more. It is told why, and can do nothing from here on. */
	signOut(why: SignInEnd): void {
		this.#socket.emit("berth:signed-out", why);
		this[Symbol.dispose]();
		// Once it is told; a page that does not leave by itself is not kept either.
		const { conn } = this.#socket;
		setImmediate(() => conn.close());
	}

	[Symbol.dispose](): void {
		this.#sessions[Symbol.dispose]();
		this.#socket.disconnect();
	}

	#listen(): void {
		const handlers = this.#handlers();
		for (const name of Object.keys(handlers) as PageRequestName[]) this.#answer(name, handlers[name]);
		this.#take("session:input", (message) => this.#sessions.input(...parse(PAGE_MESSAGES["session:input"], message)));
		this.#take("session:ack", (message) => this.#sessions.credit(...parse(PAGE_MESSAGES["session:ack"], message)));
		this.#socket.onAny((event: string, ...args: unknown[]) => {
			if (Object.hasOwn(PAGE_REQUESTS, event) || Object.hasOwn(PAGE_MESSAGES, event)) return;
			this.#refuse(event, args.at(-1), new BerthError("BAD_REQUEST", { detail: "no such event" }));
		});
	}

	#handlers(): Handlers {
		const sessions = this.#sessions;
		const nothing = { result: {} };
		const attached = <Result extends Attached>({ attached, release }: Released<Result>) => ({
			result: attached,
			afterwards: release,
		});
		return {
			"session:open": async (request) => {
				const opened = await sessions.open(request);
				const { sessionId } = opened.attached.session;
				this.#log.info({ sessionId }, "session opened");
				this.#audits.sessions.opened(this.#by, { sessionId, container: opened.container });
				return attached(opened);
			},
			"session:attach": async (request) => {
				const bound = await sessions.attach(request);
				this.#audits.sessions.attached(this.#by, { sessionId: request.sessionId, container: bound.container });
				return attached(bound);
			},
			"session:detach": async ({ sessionId }) => {
				sessions.detach(sessionId);
				return nothing;
			},
			"session:resize": async (request) => sessions.resize(request).then(() => nothing),
			"session:signal": async (request) => sessions.signal(request).then(() => nothing),
			"session:rename": async (request) => sessions.rename(request).then(() => nothing),
			"session:close": async ({ sessionId }) => this.#close(sessionId).then(() => nothing),
			"session:list": async () => ({ result: { sessions: await sessions.list() } }),
			"berth:ping": async () => nothing,
		};
	}

	async #close(sessionId: SessionId): Promise<void> {
		const closing = this.#audits.sessions.closing(this.#by, { sessionId, container: this.#sessions.container });
		try {
			await this.#sessions.close({ sessionId });
		} catch (thrown) {
			closing.undo();
			throw thrown;
		}
		closing.done();
		this.#log.info({ sessionId }, "session closed");
	}

	/** Answers a request through its callback. */
	#answer<Name extends PageRequestName>(name: Name, handle: Handlers[Name]): void {
		this.#socket.on<string>(name, async (...args: unknown[]) => {
			const reply = args.at(-1);
			try {
				this.#allowance.begin(name);
			} catch (thrown) {
				this.#refuse(name, reply, thrown);
				return;
			}
			try {
				if (!isCallback(reply)) throw new BerthError("BAD_REQUEST", { detail: "a callback is missing" });
				// The schema of this name gives this name's request; the compiler cannot follow the pair.
				const request = parse(PAGE_REQUESTS[name], args[0]) as PageRequest<Name>;
				const { result, afterwards } = await handle(request);
				reply({ ok: true, ...result });
				afterwards?.();
			} catch (thrown) {
				this.#refuse(name, reply, thrown);
			} finally {
				this.#allowance.end();
			}
		});
	}

	/** Takes a message that needs no answer where all is well. */
	#take(name: keyof typeof PAGE_MESSAGES, handle: (message: unknown[]) => void): void {
		this.#socket.on(name, (...message: unknown[]) => {
			try {
				handle(message);
			} catch (thrown) {
				this.#refuse(name, message.at(-1), thrown);
			}
		});
	}

	#refuse(event: string, reply: unknown, thrown: unknown): void {
		const error: WireError = toWireError(thrown);
		const { address } = this.#by;
		this.#audits.limits.note(thrown, { actor: actorOf(this.presence.user), address }, event);
		if (error.code === "INTERNAL") this.#log.error({ err: thrown, event }, "a page's event failed");
		else this.#log.debug({ code: error.code, event }, "a page's event was refused");
		if (isCallback(reply)) reply({ ok: false, error });
		else this.#socket.emit("berth:error", event.slice(0, MAX_EVENT_NAME_LENGTH), error);
	}
}

/** Longer ones are no name of ours, and need not be sent back whole. */
const MAX_EVENT_NAME_LENGTH = 64;

function isCallback(value: unknown): value is (reply: object) => void {
	return typeof value === "function";
}

function placeOf(location: Location): Place {
	if (location.kind === "waiting") return { kind: "waiting", error: toWireError(location.error) };
	return { kind: "ready", container: location.container.name, generation: location.link.agent.bootId };
}

function isSamePlace(one: Place, other: Place | null): boolean {
	if (one.kind === "ready") return other?.kind === "ready" && one.generation === other.generation;
	return other?.kind === "waiting" && one.error.code === other.error.code;
}
