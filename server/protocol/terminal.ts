/**
 * The Socket.IO events between page and gateway. Messages are msgpack (socket.io-msgpack-parser), so that bytes travel
 * as bytes. Whatever a page sends is parsed with the schemas here; what does not parse is answered with BAD_REQUEST and
 * changes nothing. Every request is answered through its acknowledgement callback with a `Reply`.
 *
 * The page imports types from here and numbers from `limits.ts`, so that no schema ends up in its bundle.
 *
 * The way of a page:
 * 1. It connects with the cookie that `/container-terminal` gave it. `welcome` says who it is.
 * 2. `place` says where the user's shells run, or what the user is waiting for; again each time that changes.
 * 3. With a place, it lists its sessions, attaches to those it shows, or opens one.
 * 4. A session that the gateway re-attaches by itself (link reopened) goes on without the page noticing. After the
 *    page's own connection broke, the page attaches again from the offset that its terminal has parsed.
 */
import { z } from "zod";
import type { DiskState } from "./account-limits.ts";
import type { WireError } from "./errors.ts";
import { PageId, SessionId } from "./ids.ts";
import { MAX_INPUT_BYTES } from "./limits.ts";
import { ByteOffset, type OutputSize, type SessionInfo, SessionName, SessionSignal, TerminalSize } from "./session.ts";
import type { SignInEnd, SignInMethod } from "./sign-in.ts";

const Bytes = z
	.instanceof(Uint8Array)
	.refine((bytes) => bytes.length >= 1 && bytes.length <= MAX_INPUT_BYTES, `1 to ${MAX_INPUT_BYTES} bytes`);

/** Requests of the page: the schema of each event's one argument. */
export const PAGE_REQUESTS = {
	/** Starts a login shell and attaches this page to it. → `Attached` */
	"session:open": z.object({ pageId: PageId, name: SessionName, size: TerminalSize }),
	/**
	 * Attaches this page. `from` is the offset up to which the page's terminal has parsed; null says that its terminal
	 * is empty. Attaching again replaces the page's earlier attachment. → `Attached`
	 */
	"session:attach": z.object({
		pageId: PageId,
		sessionId: SessionId,
		from: ByteOffset.nullable(),
		size: TerminalSize,
	}),
	/** Stops output of the session to this page; its program goes on. → {} */
	"session:detach": z.object({ sessionId: SessionId }),
	/** The page's terminal has this size now. → {} */
	"session:resize": z.object({ sessionId: SessionId, size: TerminalSize }),
	/** Signals the foreground process group. → {} */
	"session:signal": z.object({ sessionId: SessionId, signal: SessionSignal }),
	/** → {} */
	"session:rename": z.object({ sessionId: SessionId, name: SessionName }),
	/** Ends the session's programs and forgets it. → {} */
	"session:close": z.object({ sessionId: SessionId }),
	/** → {sessions}, oldest first */
	"session:list": z.object({}),
	/** Round trip to the gateway, measured by the page. → {} */
	"berth:ping": z.object({}),
} as const;

/** Messages of the page that are not answered one by one: they are hot, and have an answer of their own below. */
export const PAGE_MESSAGES = {
	/**
	 * (sessionId, number of the first byte, bytes). Numbers count this page's input to this session from 0. Answered by
	 * `session:input-ack`, or `session:input-refused`.
	 */
	"session:input": z.tuple([SessionId, ByteOffset, Bytes]),
	/** (sessionId, offset up to which the terminal has parsed). Never answered. */
	"session:ack": z.tuple([SessionId, ByteOffset]),
} as const;

export type PageRequestName = keyof typeof PAGE_REQUESTS;
export type PageRequest<Name extends PageRequestName> = z.infer<(typeof PAGE_REQUESTS)[Name]>;

export type Reply<Result extends object = object> = ({ ok: true } & Result) | { ok: false; error: WireError };

/** Answer to open and attach. */
export type Attached = {
	session: SessionInfo;
	/** Offset of the first byte that will come. */
	from: number;
	/**
	 * Null where output goes on from the asked offset. Otherwise the bytes before this offset are a *snapshot*, for a
	 * terminal that has just been reset: they bring it into the state that the output had led to by here. To resume
	 * from within a snapshot is not possible: attach with null again.
	 */
	snapshotEnd: number | null;
	/** Size of the terminal at `from`, then where in the output it changed, up to now. */
	sizes: OutputSize[];
	/** Input of this page that the agent has: re-send from here. */
	inputAccepted: number;
};

/** Answer to open. */
export type Opened = Attached & {
	/** What the shell does not have of the user's secrets, and why; empty where it has them all. */
	secretProblems: WireError[];
};

/** One of the user's secrets was set anew, or taken away. */
export type SecretChange = { kind: "set" | "removed"; name: string };

export type PageRequestResults = {
	"session:open": Opened;
	"session:attach": Attached;
	"session:detach": object;
	"session:resize": object;
	"session:signal": object;
	"session:rename": object;
	"session:close": object;
	"session:list": { sessions: SessionInfo[] };
	"berth:ping": object;
};

/** Page → gateway, in Socket.IO's own form. */
export type PageToGatewayEvents = {
	[Name in PageRequestName]: (
		request: z.input<(typeof PAGE_REQUESTS)[Name]>,
		reply: (reply: Reply<PageRequestResults[Name]>) => void,
	) => void;
} & {
	"session:input": (sessionId: string, seq: number, bytes: Uint8Array) => void;
	"session:ack": (sessionId: string, offset: number) => void;
};

/** First event of each connection. */
export type Welcome = {
	/** `TERMINAL_PROTOCOL_VERSION` of the gateway. */
	protocol: number;
	/** `none`: local mode; shells run as the gateway's own user, and the page must say so. */
	isolation: "containers" | "none";
	user: { username: string; displayName: string };
	/** How the gateway knows that. */
	method: SignInMethod;
	sessionsPerUser: number;
};

/**
 * `overrun`: output that the page had not been sent yet is gone, as another page of the session reads faster.
 * `stalled`: the page acknowledged nothing for too long. `link`: the gateway lost the container's agent for a while,
 * and output could not go on where it was. `replaced`: an attachment took its place that an earlier connection of the page
 * had asked for; it came late, and nobody reads it.
 */
export type DetachReason = "overrun" | "stalled" | "link" | "replaced";

/** Where the user's shells run, or what the user is waiting for. The gateway goes on trying by itself. */
export type Place =
	| {
			kind: "ready";
			/** Container's name, for people. */
			container: string;
			/** Changes when the container was replaced or restarted: sessions of another value are gone. */
			generation: string;
	  }
	| { kind: "waiting"; error: WireError };

/** Gateway → page, in Socket.IO's own form. */
export type GatewayToPageEvents = {
	welcome: (welcome: Welcome) => void;
	place: (place: Place) => void;
	/** (sessionId, offset of the first byte, bytes). Without gaps from `Attached.from` on. */
	"session:output": (sessionId: string, offset: number, bytes: Uint8Array) => void;
	/** (sessionId, number up to which the agent has this page's input). */
	"session:input-ack": (sessionId: string, seq: number) => void;
	/** (sessionId, number to send on from, why). */
	"session:input-refused": (sessionId: string, seq: number, error: WireError) => void;
	/** A session of the user is new, or its state, name or size changed. Sent to all of the user's pages. */
	"session:changed": (session: SessionInfo) => void;
	/** (sessionId, why). Output stops; the page attaches again from the offset that its terminal has parsed. */
	"session:detached": (sessionId: string, reason: DetachReason) => void;
	/** A session is gone: closed by one of the user's pages (`closed`), or lost with its container (`container-lost`). */
	"session:closed": (sessionId: string, reason: "closed" | "container-lost") => void;
	/** How much the user's files take, and may take. Told whenever it was measured, about once a minute. */
	disk: (disk: DiskState) => void;
	/** (name of the page's event, why it was refused), where the event carried no callback to answer through. */
	"berth:error": (event: string, error: WireError) => void;
	/** The page's sign-in has ended, and with it the connection. Programs go on. */
	"berth:signed-out": (why: SignInEnd) => void;
	/** New shells have other secrets than those that run. */
	"secrets:changed": (change: SecretChange) => void;
	/** The gateway is about to close; programs go on, and the page should reconnect. */
	"gateway:closing": () => void;
};
