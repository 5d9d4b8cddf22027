/** The page's connection to the gateway: opens it, measures it, opens it again, and says how it is. */
import { io, type Socket } from "socket.io-client";
import type { WireError } from "../../server/protocol/errors.ts";
import { TERMINAL_PROTOCOL_VERSION } from "../../server/protocol/limits.ts";
import type { SignInEnd, SignInMethod } from "../../server/protocol/sign-in.ts";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import type {
	GatewayToPageEvents,
	PageRequest,
	PageRequestName,
	PageRequestResults,
	PageToGatewayEvents,
	Place,
	Reply,
	Welcome,
} from "../../server/protocol/terminal.ts";
import { tabStorage } from "../shared/storage.ts";
import { reconnectDelayMs } from "./back-off.ts";
import { type ConnectError, refusalIn, waitBeforeAgain } from "./refusals.ts";

export type ConnectionState =
	| { kind: "connecting"; refusal?: WireError | undefined }
	/** `roundTripMs` is null until it has been measured. */
	| { kind: "connected"; roundTripMs: number | null }
	/** `at` is the Unix time of the next attempt, ms; `refusal` is why the last one failed, where the gateway said so. */
	| { kind: "reconnecting"; at: number; refusal?: WireError | undefined }
	/** Trying again would not help. */
	| { kind: "refused"; error: WireError }
	/** The page around this one has to say who it is for. */
	| { kind: "token-wanted" }
	/** Nobody may look at the terminals any more; null where the gateway did not say why. */
	| { kind: "signed-out"; why: SignInEnd | null };

/** Then there is no connection, and none is tried. */
const AT_REST: ReadonlySet<ConnectionState["kind"]> = new Set(["refused", "token-wanted", "signed-out"]);

export type ConnectionEvents = {
	onState(state: ConnectionState): void;
	onWelcome(welcome: Welcome): void;
	onPlace(place: Place): void;
};

export type ConnectionOptions = {
	events: ConnectionEvents;
	/** Inside another page, which says who it is for: to load it again would help nobody. */
	isEmbedded: boolean;
};

/** What a request is answered with when nobody answers. */
export class RequestFailure extends Error {
	override readonly name = "RequestFailure";
	readonly error: WireError;

	constructor(error: WireError) {
		super(error.message);
		this.error = error;
	}
}

const PING_EVERY_MS = 4_000;
/** The page is busy right after it connected: a round trip measured then is the page's, not the line's. */
const FIRST_PING_AFTER_MS = 600;
/** Nothing at all heard for this long after a ping: the connection is dead, though nobody has said so (sleep, Wi-Fi). */
const SILENCE_LIMIT_MS = 8_000;
const REQUEST_LIMIT_MS = 20_000;
const CONNECT_LIMIT_MS = 10_000;
/** The browser has the new sign-in's cookie by then. */
const REPLACED_PAUSE_MS = 1_000;
/** Who comes in by these is known by each request anew: loading the page again is all there is to do. */
const WITHOUT_SIGN_IN: ReadonlySet<SignInMethod> = new Set(["anonymous", "proxy"]);
/** Remembers that the page has reloaded itself, so that it does not do so again and again. */
const RELOADED_KEY = "berth.reloaded";

export class GatewayConnection {
	readonly socket: Socket<GatewayToPageEvents, PageToGatewayEvents>;
	readonly #events: ConnectionEvents;
	readonly #isEmbedded: boolean;
	/** Who the page belongs to, once it is known. */
	#owner: Pick<Welcome, "method" | "user"> | null = null;
	#attempt = 0;
	/** When anything last came from the gateway, by `performance.now()`. */
	#heardAt = 0;
	#retry: number | undefined;
	#state: ConnectionState = { kind: "connecting" };

	constructor({ events, isEmbedded }: ConnectionOptions) {
		this.#events = events;
		this.#isEmbedded = isEmbedded;
		this.socket = io({
			// Beside the page, also below a sub-path.
			path: new URL("socket.io/", location.href).pathname,
			parser: socketParser,
			transports: ["websocket", "polling"],
			tryAllTransports: true,
			timeout: CONNECT_LIMIT_MS,
			autoConnect: false,
			reconnection: false,
		});
		this.socket.on("connect", () => this.#onConnect());
		this.socket.on("connect_error", (error) => this.#onConnectError(error));
		this.socket.on("disconnect", () => this.#retryLater());
		// It says so before it goes; waiting for the broken connection would take longer.
		this.socket.on("gateway:closing", () => this.socket.disconnect());
		this.socket.onAny(() => {
			this.#heardAt = performance.now();
		});
		this.socket.on("welcome", (welcome) => this.#onWelcome(welcome));
		this.socket.on("place", (place) => events.onPlace(place));
		this.socket.on("berth:signed-out", (why) => this.#onSignedOut(why));
		setInterval(() => void this.#measure(), PING_EVERY_MS);
		addEventListener("online", () => this.retryNow());
		document.addEventListener("visibilitychange", () => {
			if (document.visibilityState === "visible") this.retryNow();
		});
	}

	get state(): ConnectionState {
		return this.#state;
	}

	/** Connects as whoever the browser is now. */
	open(): void {
		this.#owner = null;
		this.#enter({ kind: "connecting" });
		this.socket.connect();
	}

	/** Lets go of the connection, if there is one, until it is opened again. */
	rest(state: Extract<ConnectionState, { kind: "refused" | "token-wanted" | "signed-out" }>): void {
		clearTimeout(this.#retry);
		this.#enter(state);
		this.socket.disconnect();
	}

	/** Ends the pause before the next attempt. */
	retryNow(): void {
		if (this.#state.kind !== "reconnecting") return;
		clearTimeout(this.#retry);
		this.#enter({ kind: "connecting", refusal: this.#state.refusal });
		this.socket.connect();
	}

	/**
	 * Throws `RequestFailure` where the gateway refuses or does not answer; where it only wants the page to wait, that is
	 * done first. `onResult` is called before anything that came right behind the answer is told, which whoever awaits
	 * the answer may come too late for.
	 */
	async request<Name extends PageRequestName>(
		name: Name,
		request: PageRequestInput<Name>,
		onResult: (result: PageRequestResults[Name]) => void = () => {},
	): Promise<PageRequestResults[Name]> {
		const { id } = this.socket;
		for (let waits = 0; ; waits += 1) {
			const reply = await this.#ask(name, request, onResult);
			if (reply.ok) return reply;
			const waitMs = waitBeforeAgain(reply.error, waits);
			if (waitMs === null) throw new RequestFailure(reply.error);
			await new Promise((resolve) => setTimeout(resolve, waitMs));
			// What was asked on another connection means nothing on this one.
			if (this.socket.id !== id) throw new RequestFailure(UNANSWERED.error);
		}
	}

	async #ask<Name extends PageRequestName>(
		name: Name,
		request: object,
		onResult: (result: PageRequestResults[Name]) => void = () => {},
	): Promise<Reply<PageRequestResults[Name]>> {
		return await new Promise((resolve) => {
			this.#emit(name, request, (reply) => {
				if (reply.ok) onResult(reply);
				resolve(reply);
			});
		});
	}

	#emit<Name extends PageRequestName>(
		name: Name,
		request: object,
		onReply: (reply: Reply<PageRequestResults[Name]>) => void,
	): void {
		// The events' own types pair each name with its request; Socket.IO's helper types lose that for a variable name.
		const socket = this.socket.timeout(REQUEST_LIMIT_MS) as unknown as {
			emit(name: Name, request: object, done: (error: unknown, reply: Reply<PageRequestResults[Name]>) => void): void;
		};
		socket.emit(name, request, (error, reply) => onReply(error === null ? reply : UNANSWERED));
	}

	#onConnect(): void {
		this.#attempt = 0;
		this.#enter({ kind: "connected", roundTripMs: null });
		setTimeout(() => void this.#measure(), FIRST_PING_AFTER_MS);
	}

	#onWelcome(welcome: Welcome): void {
		if (welcome.protocol !== TERMINAL_PROTOCOL_VERSION) {
			if (this.#isEmbedded || !reloadOnce("protocol")) this.rest({ kind: "refused", error: OTHER_VERSION });
			return;
		}
		// Signed out and in again while this page did not hear of it: what it shows is somebody else's.
		if (this.#owner !== null && this.#owner.user.username !== welcome.user.username) {
			this.rest({ kind: "signed-out", why: null });
			return;
		}
		this.#owner = welcome;
		tabStorage.remove(RELOADED_KEY);
		this.#events.onWelcome(welcome);
	}

	#onConnectError(error: ConnectError): void {
		const refusal = refusalIn(error);
		if (refusal?.code === "UNAUTHENTICATED") this.#onUnauthenticated(refusal);
		else if (refusal?.code === "USER_DISABLED") this.rest({ kind: "signed-out", why: "disabled" });
		else if (refusal === undefined || refusal.isRetryable) this.#retryLater(refusal);
		else this.rest({ kind: "refused", error: refusal });
	}

	#onUnauthenticated(error: WireError): void {
		const hadSignIn = this.#owner !== null && !WITHOUT_SIGN_IN.has(this.#owner.method);
		if (hadSignIn) this.rest({ kind: "signed-out", why: null });
		else if (this.#isEmbedded || !reloadOnce("cookie")) this.rest({ kind: "refused", error });
	}

	#onSignedOut(why: SignInEnd): void {
		this.rest({ kind: "signed-out", why });
		if (why === "replaced") this.#retry = window.setTimeout(() => this.#openReplaced(), REPLACED_PAUSE_MS);
	}

	/** Another tab of the browser has signed in: this one goes on as whoever that is, unless it is for one alone. */
	#openReplaced(): void {
		const owner = this.#isEmbedded ? this.#owner : null;
		this.open();
		this.#owner = owner;
	}

	#retryLater(refusal?: WireError): void {
		if (AT_REST.has(this.#state.kind)) return;
		this.#attempt += 1;
		const delay = (refusal?.retryAfterMs ?? 0) + reconnectDelayMs(this.#attempt);
		clearTimeout(this.#retry);
		this.#retry = window.setTimeout(() => this.retryNow(), delay);
		this.#enter({ kind: "reconnecting", at: Date.now() + delay, refusal });
	}

	async #measure(): Promise<void> {
		if (!this.socket.connected || document.visibilityState === "hidden") return;
		const start = performance.now();
		const silence = setTimeout(() => this.#onSilence(start), SILENCE_LIMIT_MS);
		const { ok } = await this.#ask("berth:ping", {});
		clearTimeout(silence);
		if (ok && this.socket.connected) {
			this.#enter({ kind: "connected", roundTripMs: performance.now() - start });
		}
	}

	/** Output that is still coming says as much as an answer: on a slow line the answer waits behind it. */
	#onSilence(since: number): void {
		if (this.socket.connected && this.#heardAt < since) this.socket.disconnect();
	}

	#enter(state: ConnectionState): void {
		this.#state = state;
		this.#events.onState(state);
	}
}

/** Requests as the page writes them: ids are plain text until the gateway has parsed them. */
export type PageRequestInput<Name extends PageRequestName> = {
	[Key in keyof PageRequest<Name>]: PageRequest<Name>[Key] extends string ? string : PageRequest<Name>[Key];
};

/** Nobody answered, or nobody was there to be asked. */
export const UNANSWERED: { ok: false; error: WireError } = {
	ok: false,
	error: {
		code: "LINK_BROKEN",
		message: "The gateway did not answer.",
		action: "The page tries again by itself.",
		isRetryable: true,
	},
};

const OTHER_VERSION: WireError = {
	code: "PROTOCOL_MISMATCH",
	message: "This page is of another version than the gateway.",
	action: "Reload it in a minute. Your sessions go on meanwhile.",
	isRetryable: false,
};

/** Reloads the page, unless it has done so for this reason already. */
function reloadOnce(reason: string): boolean {
	if (tabStorage.get(RELOADED_KEY) === reason) return false;
	// Where nothing can be remembered it would reload for ever.
	if (!tabStorage.set(RELOADED_KEY, reason)) return false;
	location.reload();
	return true;
}
