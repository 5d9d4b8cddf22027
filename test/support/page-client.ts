/** A page without a browser: gets its cookie as a browser does and speaks the real events, with what a test needs. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { stripVTControlCharacters } from "node:util";
import { io, type Socket } from "socket.io-client";
import { socketParser } from "../../server/protocol/socket-parser.ts";
import type {
	Attached,
	GatewayToPageEvents,
	PageRequestName,
	PageRequestResults,
	PageToGatewayEvents,
	Place,
	Reply,
	Welcome,
} from "../../server/protocol/terminal.ts";
import { SLOWNESS } from "./patience.ts";

const SIZE = { cols: 80, rows: 24 };
/** Long enough for a busy two-core machine, short enough that a hang is seen. */
const PATIENCE_MS = 30_000 * SLOWNESS;

export type Transport = "websocket" | "polling";

/** What a page keeps of one session. */
export type Screen = {
	sessionId: string;
	/** All output since the attach. */
	text: string;
	/** Offset of the next byte expected. */
	offset: number;
	/** Number of the next byte of input. */
	seq: number;
};

export class PageClient implements Disposable {
	readonly socket: Socket<GatewayToPageEvents, PageToGatewayEvents>;
	readonly cookie: string;
	readonly pageId = randomBytes(16).toString("base64url");
	readonly places: Place[] = [];
	readonly closed: { sessionId: string; reason: string }[] = [];
	readonly refused: { event: string; code: string }[] = [];
	readonly detached: { sessionId: string; reason: string }[] = [];
	readonly screens = new Map<string, Screen>();
	welcome: Welcome | null = null;
	readonly #waiting = new Set<() => void>();
	/** Sessions whose attachment is being answered. */
	readonly #attaching = new Set<string>();
	/** Output that came meanwhile: the answer was read in the same tick, and its promise has not gone on yet. */
	#early: [string, number, Uint8Array][] = [];

	/** Asks for the page, and connects with the cookie it came with. `cookie` continues as the user of another client. */
	static async connect(base: string, cookie?: string, transport?: Transport): Promise<PageClient> {
		const client = new PageClient(base, cookie ?? (await PageClient.newCookie(base)), transport);
		await client.until(() => client.welcome !== null && client.places.length > 0, "welcome and place");
		return client;
	}

	static async newCookie(base: string): Promise<string> {
		const response = await fetch(`${base}/container-terminal`);
		await response.arrayBuffer();
		const [cookie] = response.headers.getSetCookie();
		assert.ok(cookie, "the page came without a cookie");
		return cookie.split(";", 1)[0] ?? "";
	}

	constructor(base: string, cookie: string, transport: Transport = "websocket") {
		this.cookie = cookie;
		const { origin, pathname } = new URL(base);
		this.socket = io(origin, {
			path: `${pathname.replace(/\/$/, "")}/socket.io/`,
			transports: [transport],
			parser: socketParser,
			extraHeaders: { cookie },
			reconnectionDelay: 50,
			reconnectionDelayMax: 500,
			forceNew: true,
		});
		this.#listen();
	}

	get place(): Place | undefined {
		return this.places.at(-1);
	}

	async request<Name extends PageRequestName>(name: Name, request: unknown): Promise<Reply<PageRequestResults[Name]>> {
		// Tests also send what no page would.
		return await (this.socket.timeout(PATIENCE_MS) as unknown as LooseSocket).emitWithAck(name, request);
	}

	/** As `request`, for what must succeed. */
	async ask<Name extends PageRequestName>(name: Name, request: unknown): Promise<PageRequestResults[Name]> {
		const reply = await this.request(name, request);
		assert.ok(reply.ok, `${name}: ${JSON.stringify(reply)}`);
		return reply;
	}

	async open(name = "shell"): Promise<Screen> {
		return this.#screenOf(await this.ask("session:open", { pageId: this.pageId, name, size: SIZE }));
	}

	/** As the page does: `from` null begins anew, with a snapshot where more was printed than is kept. */
	async attach(sessionId: string, from: number | null = null): Promise<Screen> {
		this.#attaching.add(sessionId);
		return this.#screenOf(await this.ask("session:attach", { pageId: this.pageId, sessionId, from, size: SIZE }));
	}

	type(screen: Screen, text: string): void {
		const bytes = new TextEncoder().encode(text);
		this.socket.emit("session:input", screen.sessionId, screen.seq, bytes);
		screen.seq += bytes.length;
	}

	/**
	 * Runs a command line and returns what it printed, without the terminal's own sequences. The markers around it are
	 * split where they are typed, so that the echo does not match.
	 */
	async run(screen: Screen, command: string): Promise<string> {
		const id = randomBytes(6).toString("hex");
		const start = screen.text.length;
		this.type(screen, `echo "<""${id}"; ${command}; echo "${id}"">"\r`);
		const printed = new RegExp(`<${id}\\r?\\n([^]*?)${id}>`);
		await this.until(() => printed.test(screen.text.slice(start)), `${command} to end`);
		const [, output = ""] = printed.exec(screen.text.slice(start)) ?? [];
		return stripVTControlCharacters(output).replaceAll("\r\n", "\n").trim();
	}

	/** Waits until something the client was told makes `isTrue` true. */
	async until(isTrue: () => boolean, what: string): Promise<void> {
		if (isTrue()) return;
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const look = (): void => {
			if (isTrue()) resolve();
		};
		const timer = setTimeout(
			() =>
				reject(
					new Error(
						`waited ${PATIENCE_MS} ms for ${what}; refused ${JSON.stringify(this.refused)}, last place ${JSON.stringify(this.place)}`,
					),
				),
			PATIENCE_MS,
		);
		this.#waiting.add(look);
		try {
			await promise;
		} finally {
			clearTimeout(timer);
			this.#waiting.delete(look);
		}
	}

	async untilReady(): Promise<void> {
		await this.until(() => this.place?.kind === "ready", "a place");
	}

	[Symbol.dispose](): void {
		this.socket.disconnect();
	}

	#listen(): void {
		this.socket.on("welcome", (welcome) => this.#noteThat(() => (this.welcome = welcome)));
		this.socket.on("place", (place) => this.#noteThat(() => this.places.push(place)));
		this.socket.on("session:output", (sessionId, offset, bytes) =>
			this.#noteThat(() => this.#onOutput(sessionId, offset, bytes)),
		);
		this.socket.on("session:closed", (sessionId, reason) =>
			this.#noteThat(() => this.closed.push({ sessionId, reason })),
		);
		this.socket.on("session:detached", (sessionId, reason) =>
			this.#noteThat(() => this.detached.push({ sessionId, reason })),
		);
		this.socket.on("berth:error", (event, { code }) => this.#noteThat(() => this.refused.push({ event, code })));
		this.socket.on("session:input-refused", (sessionId, _seq, { code }) =>
			this.#noteThat(() => this.refused.push({ event: sessionId, code })),
		);
	}

	#onOutput(sessionId: string, offset: number, bytes: Uint8Array): void {
		const screen = this.screens.get(sessionId);
		if (screen === undefined || this.#attaching.has(sessionId)) {
			this.#early.push([sessionId, offset, bytes]);
			return;
		}
		assert.equal(offset, screen.offset, "output continues where it was");
		screen.text += Buffer.from(bytes).toString("latin1");
		screen.offset = offset + bytes.length;
		this.socket.emit("session:ack", sessionId, screen.offset);
	}

	#screenOf({ session, from, inputAccepted }: Attached): Screen {
		const { sessionId } = session;
		this.#attaching.delete(sessionId);
		const text = this.screens.get(sessionId)?.text ?? "";
		const screen = { sessionId, text, offset: from, seq: inputAccepted };
		this.screens.set(sessionId, screen);
		const early = this.#early.filter(([id]) => id === sessionId);
		this.#early = this.#early.filter(([id]) => id !== sessionId);
		// Some of it may be the earlier attachment's.
		for (const output of early) if (output[1] === screen.offset) this.#onOutput(...output);
		return screen;
	}

	#noteThat(note: () => unknown): void {
		note();
		for (const look of this.#waiting) look();
	}
}

type LooseSocket = { emitWithAck(name: string, request: unknown): Promise<never> };
