/**
 * The link: what gateway and agent say to each other. One byte stream carries every session of one container.
 *
 * 1. Both sides send `hello`. A side that does not speak the other's version sends `bye` and closes.
 * 2. The gateway sends requests, each answered by exactly one response with the same number, in any order.
 * 3. `open` or `attach` binds a channel, a number that the gateway chooses and uses once per link, to a session: an
 *    *attachment*. Output flows on it from `AttachResult.from` without gaps, never more than `OUTPUT_WINDOW_BYTES`
 *    beyond the last `credit`. Where the asked offset is gone, or none was asked, a *snapshot* comes first: see
 *    `AttachResult`. An attachment that the agent cannot keep up is ended by a `detached` event.
 * 4. Several gateways may be linked to one agent at once. When a link ends its attachments end; the sessions stay.
 *
 * The sentence on each frame type stands in `frames.ts`.
 */
import { z } from "zod";
import { AccountLimits, DiskState } from "./account-limits.ts";
import { atLeastOne, textUpTo } from "./bounded.ts";
import { ERROR_CODES } from "./errors.ts";
import { PageId, SessionId, Uid, Username } from "./ids.ts";
import { SecretEnvironment } from "./secret-names.ts";
import { ByteOffset, OutputSize, SessionInfo, SessionName, SessionSignal, TerminalSize } from "./session.ts";

/** Raised with every change that an older peer would misread. */
export const LINK_PROTOCOL_VERSION = 4;

/** Where the agent listens inside its container. */
export const AGENT_SOCKET_PATH = "/run/berth/agent.sock";

/** A side that hears nothing for three of these, although it pings, takes the link for dead. */
export const LINK_HEARTBEAT_MS = 5_000;

/** `internet`: public addresses only, and no SMTP. `none`: loopback only. `open`: whatever the network reaches. */
export const EgressPolicy = z.enum(["internet", "none", "open"]);
export type EgressPolicy = z.infer<typeof EgressPolicy>;

/** The gateway's first frame. */
export const GatewayHello = z.object({
	protocol: z.number().int(),
	role: z.literal("gateway"),
	/** Which gateway, for the agent's log. */
	gateway: textUpTo(200),
	/** Rules that the agent keeps, and that `container-info` tells the user. */
	policy: z.object({
		/** An unused place in the container is given back after this long, ms. */
		assignmentTtlMs: z.number().int().positive(),
		/** Output kept per session for replay, bytes. */
		replayBytes: z.number().int().positive(),
		/** Who has more files than allowed may delete some for this long, ms. */
		diskGraceMs: z.number().int().positive(),
		/** What shells may reach; enforced from outside of the container. Null in local mode: the same as their user. */
		egress: EgressPolicy.nullable().default(null),
	}),
});
export type GatewayHello = z.infer<typeof GatewayHello>;

/** The agent's first frame. */
export const AgentHello = z.object({
	protocol: z.number().int(),
	role: z.literal("agent"),
	/** New each time the agent starts: another value means that its sessions are gone. */
	bootId: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
	/** Whether `/proc` hides other users' processes. False also in local mode, where there are no other users. */
	isHardened: z.boolean(),
	/** Whether sessions run as accounts of their own (`container`) or as the agent's own user (`local`). */
	mode: z.enum(["container", "local"]),
	/** Sessions alive now, of all accounts. */
	sessions: z.number().int().min(0),
});
export type AgentHello = z.infer<typeof AgentHello>;

/** The account a request is about. The agent makes it where it does not exist yet. */
const Account = z.object({ username: Username, uid: Uid });
export type Account = z.infer<typeof Account>;

/** A channel number: never 0, and never used twice on one link. */
const Channel = z.number().int().min(1).max(0xffff_ffff);

const Attachment = z.object({ channel: Channel, pageId: PageId, size: TerminalSize });

export const LinkRequest = z.discriminatedUnion("op", [
	/** Makes the account if need be, starts its login shell on a PTY, attaches. → `AttachResult` */
	z.object({
		op: z.literal("open"),
		account: Account,
		limits: AccountLimits,
		/** Variables of this one shell, which are secret: they are kept nowhere, and logged nowhere. */
		environment: SecretEnvironment.default({}),
		name: SessionName,
		attachment: Attachment,
	}),
	/** Attaches to a session of this user; `from` null means: to an empty terminal. → `AttachResult` */
	z.object({
		op: z.literal("attach"),
		username: Username,
		sessionId: SessionId,
		attachment: Attachment,
		from: ByteOffset.nullable(),
	}),
	/** Ends an attachment; unknown channels are fine. → {} */
	z.object({ op: z.literal("detach"), channel: Channel }),
	/** The page's window has this size now. → {} */
	z.object({ op: z.literal("resize"), channel: Channel, size: TerminalSize }),
	/** Signals the session's foreground process group. → {} */
	z.object({ op: z.literal("signal"), username: Username, sessionId: SessionId, signal: SessionSignal }),
	/** → {} */
	z.object({ op: z.literal("rename"), username: Username, sessionId: SessionId, name: SessionName }),
	/** Ends the session's processes (SIGHUP, then SIGKILL) and forgets it. → {} */
	z.object({ op: z.literal("close"), username: Username, sessionId: SessionId }),
	/** → `ListResult` */
	z.object({ op: z.literal("list"), username: Username }),
	/** Closes all sessions of an account. Answered once nothing of it runs here any more. → {} */
	z.object({ op: z.literal("evict"), username: Username }),
	/**
	 * Gives what is in the home of `from` to `to`, whose home it becomes where that has nothing of its own in it; otherwise
	 * it becomes a folder there. Ends all that `from` runs here; nothing of it may run in another container. What was
	 * begun and not ended is gone on with. Codes: ACCOUNT_CONFLICT; NO_ROOM where `to` would have more files than
	 * `diskBytes`, then nothing was changed. → `AdoptResult`
	 */
	z.object({ op: z.literal("adopt"), from: Account, to: Account, diskBytes: z.number().int().positive() }),
	/** What the account may use from now on, also the programs that it runs already. → {} */
	z.object({ op: z.literal("limit"), account: Account, limits: AccountLimits }),
	/** Owners of the homes on the volume, in name order, after a name. → `HomesResult` */
	z.object({ op: z.literal("homes"), after: textUpTo(255) }),
]);
export type LinkRequest = z.infer<typeof LinkRequest>;
export type LinkRequestOf<Op extends LinkRequest["op"]> = Extract<LinkRequest, { op: Op }>;

export const AttachResult = z.object({
	session: SessionInfo,
	/** Offset of the first byte that will be sent. */
	from: ByteOffset,
	/**
	 * Null where output simply goes on from the asked offset. Otherwise the bytes before this offset are not the
	 * program's but a *snapshot*: read by a terminal that has just been reset, they bring it into the state that it had
	 * when it had read all output up to here.
	 */
	snapshotEnd: ByteOffset.nullable(),
	/** Size of the terminal at `from`, then each change up to now, in order. */
	sizes: atLeastOne(OutputSize),
	/** Input of this page accepted so far. */
	inputAccepted: ByteOffset,
});
export type AttachResult = z.infer<typeof AttachResult>;

export const AdoptResult = z.object({
	/** Name of the folder in the home of `to`, empty where it is the home itself; null where there was nothing. */
	folder: textUpTo(100).nullable(),
});

export const ListResult = z.object({ sessions: z.array(SessionInfo) });

/** At most this many homes in one answer, so that it fits into a frame. */
export const HOMES_PER_PAGE = 500;

export const HomesResult = z.object({
	homes: z.array(Account),
	/** Name to ask on from, null at the end. */
	next: z.string().nullable(),
});

export const LinkResponse = z.discriminatedUnion("ok", [
	z.object({ ok: z.literal(true), result: z.unknown() }),
	z.object({ ok: z.literal(false), code: z.enum(ERROR_CODES), detail: textUpTo(1000).optional() }),
]);
export type LinkResponse = z.infer<typeof LinkResponse>;

/** What each operation answers. */
export type LinkResults = {
	open: AttachResult;
	attach: AttachResult;
	detach: Record<string, never>;
	resize: Record<string, never>;
	signal: Record<string, never>;
	rename: Record<string, never>;
	close: Record<string, never>;
	list: z.infer<typeof ListResult>;
	evict: Record<string, never>;
	adopt: z.infer<typeof AdoptResult>;
	limit: Record<string, never>;
	homes: z.infer<typeof HomesResult>;
};

const Nothing = z.object({});
export const LINK_RESULT_SCHEMAS = {
	open: AttachResult,
	attach: AttachResult,
	detach: Nothing,
	resize: Nothing,
	signal: Nothing,
	rename: Nothing,
	close: Nothing,
	list: ListResult,
	evict: Nothing,
	adopt: AdoptResult,
	limit: Nothing,
	homes: HomesResult,
} as const;

/** What the agent tells every link without being asked. */
export const LinkEvent = z.discriminatedUnion("kind", [
	/** State, name or size of a session changed, or it is new. */
	z.object({ kind: z.literal("session-changed"), username: Username, session: SessionInfo }),
	/**
	 * The agent has ended an attachment. `overrun`: output that it had not been sent yet is gone, as another page reads
	 * faster. `stalled`: it gave no credit for too long. `replaced`: the same page has attached over another link.
	 */
	z.object({ kind: z.literal("detached"), channel: Channel, reason: z.enum(["overrun", "stalled", "replaced"]) }),
	/** How much the files of an account with sessions take, whenever that was measured, and when a page attaches. */
	z.object({ kind: z.literal("disk-measured"), username: Username, disk: DiskState }),
	/** The session is gone for good. */
	z.object({ kind: z.literal("session-closed"), username: Username, sessionId: SessionId }),
	/**
	 * An input frame was not taken. `accepted` is the number to send on from. Codes: INPUT_OUT_OF_ORDER,
	 * INPUT_OVERFLOW, SESSION_ENDED, SESSION_NOT_ATTACHED.
	 */
	z.object({
		kind: z.literal("input-refused"),
		channel: Channel,
		code: z.enum(ERROR_CODES),
		accepted: ByteOffset,
	}),
]);
export type LinkEvent = z.infer<typeof LinkEvent>;

/** Events for all pages of a user. The others are about one channel. */
export type UserEvent = Extract<LinkEvent, { kind: "session-changed" | "session-closed" | "disk-measured" }>;

export const Bye = z.object({ code: z.enum(ERROR_CODES).or(z.literal("SHUTDOWN")), detail: textUpTo(1000) });
export type Bye = z.infer<typeof Bye>;
