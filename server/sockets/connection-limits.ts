/**
 * Bounds who connects, how often, and how many at once; and how fast is read what they send. What HTTP can refuse is
 * refused there, before there is a connection.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebSocket } from "ws";
import type { Visitor } from "../core/identity.ts";
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
	identify(request: IncomingMessage): Visitor | null;
	connectionsPerAddress: number;
	connectionsPerUser: number;
	/** Of each user's requests. */
	userLimit: RateLimit;
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
	readonly #visitors = new WeakMap<IncomingMessage, Visitor | null>();
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
	visitorOf(request: IncomingMessage): Visitor | null {
		const known = this.#visitors.get(request);
		if (known !== undefined) return known;
		const visitor = this.#options.identify(request);
		this.#visitors.set(request, visitor);
		return visitor;
	}

	/** What a WebSocket is read by, for as long as it is open. */
	readonly meterOf = (request: IncomingMessage, webSocket: WebSocket): MessageMeter => {
		const visitor = this.visitorOf(request);
		if (visitor === null) return new MessageMeter();
		webSocket.once("close", () => this.#allowances.release(visitor.userId));
		return this.#allowances.hold(visitor.userId).meter;
	};

	/** Whether another page of this user may begin. Throws `BerthError` TOO_MANY_PAGES or RATE_LIMITED. */
	admit({ userId }: Visitor): void {
		const allowance = this.#allowances.hold(userId);
		try {
			if (allowance.pages >= this.#options.connectionsPerUser) throw full("TOO_MANY_PAGES");
			allowance.connect();
		} finally {
			this.#allowances.release(userId);
		}
	}

	/** A page of this user begins; it ends with `leave`. */
	enter({ userId }: Visitor): UserAllowance {
		const allowance = this.#allowances.hold(userId);
		allowance.pages += 1;
		return allowance;
	}

	leave({ userId }: Visitor, allowance: UserAllowance): void {
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
			if (error === undefined && this.#isFull(address)) refuse(request, response, full("TOO_MANY_CONNECTIONS"));
			else next(error);
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
		if (connection.transport.name === "polling") this.#meterPolls(connection, id, this.visitorOf(request));
	}

	#meterPolls(connection: Connection, id: string, visitor: Visitor | null): void {
		const meter = visitor === null ? new MessageMeter() : this.#allowances.hold(visitor.userId).meter;
		this.#polled.set(id, meter);
		connection.on("packet", ({ data }) => {
			// Once it has become a WebSocket it is counted there.
			if (connection.transport.name === "polling") meter.take(Object(data).length ?? 0);
		});
		connection.once("close", () => {
			this.#polled.delete(id);
			if (visitor !== null) this.#allowances.release(visitor.userId);
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
