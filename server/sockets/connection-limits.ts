/**
 * Bounds who connects, how often, and how many at once; and how fast is read what they send. What HTTP can refuse is
 * refused there, before there is a connection.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import type { Presence } from "../core/authentication.ts";
import type { LimitAudit } from "../core/limit-audit.ts";
import type { Log } from "../core/log.ts";
import type { RateLimit } from "../core/rate-limit.ts";
import { Tally } from "../core/tally.ts";
import { refuse } from "../limits/refusal.ts";
import type { Gate } from "../limits/request-limit.ts";
import { BerthError } from "../protocol/errors.ts";
import { MessageMeter } from "./message-meter.ts";
import { type UserAllowance, UserAllowances } from "./user-allowance.ts";

export type ConnectionLimitsOptions = {
	/** What each request has to pass that is not of a connection already. */
	gate: Gate;
	/** What a request's address is counted under. */
	addressOf(request: IncomingMessage): string;
	/** Whose a request is; null where it is nobody's. */
	identify(request: IncomingMessage): Presence | null;
	connectionsPerAddress: number;
	connectionsPerUser: number;
	/** Of each user's requests. */
	userLimit: RateLimit;
	limitAudit: LimitAudit;
	log: Log;
};

/** A connection of Engine.IO, as far as it is needed here. */
type Connection = {
	id: string;
	request: IncomingMessage;
	transport: { name: string };
	on(event: "packet", listener: (packet: { data?: unknown }) => void): unknown;
	once(event: "close", listener: () => void): unknown;
};

type Engine = {
	use(gate: Gate): void;
	on(event: "connection", listener: (connection: Connection) => void): unknown;
};

/** Each request of a page without WebSockets costs as much as so many messages. */
const POLL_MESSAGES = 20;
/** Pages that are cut off are noticed within half a minute. */
const FULL_RETRY_MS = 10_000;

export class ConnectionLimits {
	readonly #options: ConnectionLimitsOptions;
	readonly #allowances: UserAllowances;
	readonly #addresses = new Tally();
	readonly #presences = new WeakMap<IncomingMessage, Presence | null>();
	/** Of connections that began without a WebSocket, by their ids. */
	readonly #polled = new Map<string, MessageMeter>();
	#hasWarned = false;

	constructor(options: ConnectionLimitsOptions) {
		this.#options = options;
		this.#allowances = new UserAllowances(options.userLimit);
	}

	attach(engine: Engine): void {
		engine.use((request, response, next) => this.#pass(request, response, next));
		engine.on("connection", (connection) => this.#onConnection(connection));
	}

	/** As `identify`, asked once for each request. */
	presenceOf(request: IncomingMessage): Presence | null {
		const known = this.#presences.get(request);
		if (known !== undefined) return known;
		const presence = this.#options.identify(request);
		this.#presences.set(request, presence);
		return presence;
	}

	/** What a WebSocket is read by, for as long as it is open. */
	readonly meterOf = (request: IncomingMessage, webSocket: WebSocket): MessageMeter => {
		const presence = this.presenceOf(request);
		if (presence === null) return new MessageMeter();
		const { userId } = presence.user;
		webSocket.once("close", () => this.#allowances.release(userId));
		return this.#allowances.hold(userId).meter;
	};

	/** Whether another page of this user may begin. Throws `BerthError` TOO_MANY_PAGES or RATE_LIMITED. */
	admit({ user: { userId } }: Presence): void {
		const allowance = this.#allowances.hold(userId);
		try {
			if (allowance.pages >= this.#options.connectionsPerUser) throw full("TOO_MANY_PAGES");
			allowance.connect();
		} finally {
			this.#allowances.release(userId);
		}
	}

	/** A page of this user begins; it ends with `leave`. */
	enter({ user: { userId } }: Presence): UserAllowance {
		const allowance = this.#allowances.hold(userId);
		allowance.pages += 1;
		return allowance;
	}

	leave({ user: { userId } }: Presence, allowance: UserAllowance): void {
		allowance.pages -= 1;
		this.#allowances.release(userId);
	}

	#pass(request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void {
		const meter = this.#polled.get(URL.parse(request.url ?? "", "http://gateway")?.searchParams.get("sid") ?? "");
		if (meter !== undefined) {
			void slowedDown(meter, next);
			return;
		}
		this.#options.gate(request, response, (error) => {
			const address = this.#options.addressOf(request);
			if (error !== undefined || !this.#isFull(address)) {
				next(error);
				return;
			}
			const refusal = full("TOO_MANY_CONNECTIONS");
			this.#options.limitAudit.note(refusal, { actor: { kind: "nobody" }, address }, "a connection");
			refuse(request, response, refusal);
		});
	}

	#isFull(address: string): boolean {
		if (this.#addresses.of(address) < this.#options.connectionsPerAddress) return false;
		if (!this.#hasWarned) {
			this.#options.log.warn(
				{ address },
				"CONNECTIONS_PER_ADDRESS reached; is TRUST_PROXY set for the proxy in front?",
			);
		}
		this.#hasWarned = true;
		return true;
	}

	#onConnection(connection: Connection): void {
		const { id, request } = connection;
		const address = this.#options.addressOf(request);
		this.#addresses.add(address);
		connection.once("close", () => this.#addresses.remove(address));
		if (connection.transport.name === "polling") this.#meterPolls(connection, id, this.presenceOf(request));
	}

	#meterPolls(connection: Connection, id: string, presence: Presence | null): void {
		const meter = presence === null ? new MessageMeter() : this.#allowances.hold(presence.user.userId).meter;
		this.#polled.set(id, meter);
		connection.on("packet", ({ data }) => {
			// Once it has become a WebSocket it is counted there.
			if (connection.transport.name === "polling") meter.take(Object(data).length ?? 0);
		});
		connection.once("close", () => {
			this.#polled.delete(id);
			if (presence !== null) this.#allowances.release(presence.user.userId);
		});
	}
}

async function slowedDown(meter: MessageMeter, next: () => void): Promise<void> {
	const pauseMs = meter.take(0, POLL_MESSAGES);
	if (pauseMs > 0) await sleep(pauseMs);
	next();
}

function full(code: "TOO_MANY_PAGES" | "TOO_MANY_CONNECTIONS"): BerthError {
	return new BerthError(code, { retryAfterMs: FULL_RETRY_MS });
}
