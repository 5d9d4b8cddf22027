/**
 * What a page does with one session, without a browser: the page's own queue of input and its own stream of output, and
 * around them what session-channel.ts, session-tab.ts and tabs.ts do: attach again whenever an attachment ended, from
 * the offset that was parsed, and send again what was not acknowledged.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { TerminalSize } from "../../server/protocol/session.ts";
import type { Attached, Reply } from "../../server/protocol/terminal.ts";
import { InputQueue } from "../../web/container-terminal/input-queue.ts";
import { type OutputSink, OutputStream } from "../../web/container-terminal/output-stream.ts";
import { ReattachPause } from "../../web/container-terminal/reattach-pause.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { PageWire } from "./page-wire.ts";

const RETRY_PAUSE_MS = 100;
const RESEND_PAUSE_MS = 50;
const LOOK_EVERY_MS = 5;
/** Longer than a gateway takes to start on a busy machine. */
const LIVE_PATIENCE_MS = 45_000;

export const SIZE: TerminalSize = { cols: 80, rows: 24 };

/** The part of a terminal that output needs. */
export type PageScreen = Pick<OutputSink, "write" | "reset" | "resize">;

export type PageModelOptions = {
	base: string;
	cookie: string;
	random: SeededRandom;
	screen: PageScreen;
	size?: TerminalSize;
};

export class PageModel implements Disposable {
	readonly pageId = randomBytes(16).toString("base64url");
	readonly wire: PageWire;
	/** What must never happen to a page whose session lasts. */
	readonly problems: string[] = [];
	/** Answers to open and attach, in order. */
	readonly attaches: (Attached & { asked: number | null })[] = [];
	/** The gateway let go of an attachment. */
	readonly detachments: string[] = [];
	readonly #size: TerminalSize;
	readonly #output: OutputStream;
	readonly #input: InputQueue;
	readonly #pause = new ReattachPause();
	#sessionId: string | null = null;
	/** Whether input and credit have an attachment to go to. */
	#isLive = false;
	/** Raised with each attempt to attach, and when one is not wanted any more. */
	#attempt = 0;
	#isBusy = false;
	#timers: { retry?: NodeJS.Timeout; resend?: NodeJS.Timeout } = {};

	constructor({ base, cookie, random, screen, size = SIZE }: PageModelOptions) {
		this.#size = size;
		this.wire = new PageWire({
			...{ base, cookie, random },
			onReady: () => void this.#attach(),
			onLost: () => this.#letGo(),
		});
		const { socket } = this.wire;
		this.#output = new OutputStream({
			write: (bytes, onParsed) => screen.write(bytes, onParsed),
			reset: (onDone) => screen.reset(onDone),
			resize: (to) => screen.resize(to),
			onFault: () => this.#onFault(),
			acknowledge: (offset) => this.#emit((sessionId) => socket.emit("session:ack", sessionId, offset)),
		});
		this.#input = new InputQueue((seq, bytes) =>
			this.#emit((sessionId) => socket.emit("session:input", sessionId, seq, bytes)),
		);
		this.#listen();
	}

	get sessionId(): string | null {
		return this.#sessionId;
	}

	/** Everything before this offset is on the screen; null where that is only a part of a snapshot. */
	get parsed(): number | null {
		return this.#output.resumeFrom;
	}

	/** Typed, and not acknowledged by the agent. */
	get pendingInput(): number {
		return this.#input.pendingBytes;
	}

	/** Resolves once the page is attached, or has a problem. */
	async untilLive(): Promise<void> {
		const deadline = performance.now() + LIVE_PATIENCE_MS;
		while (!this.#isLive && this.problems.length === 0) {
			if (performance.now() > deadline) throw new Error(`the page does not come back: ${this.description}`);
			await sleep(LOOK_EVERY_MS);
		}
	}

	/** For a failure's message. */
	get description(): string {
		const { isReady, socket, breaks } = this.wire;
		const { parsed, pendingInput, problems, detachments } = this;
		const [isLive, isBusy, attaches] = [this.#isLive, this.#isBusy, this.attaches.length];
		const state = { isConnected: socket.connected, isReady, isBusy, isLive, breaks, attaches };
		return JSON.stringify({ ...state, parsed, pendingInput, detachments, problems });
	}

	/** Has a session of its own, whatever breaks meanwhile. */
	async open(): Promise<void> {
		const deadline = performance.now() + LIVE_PATIENCE_MS;
		while (this.#sessionId === null) {
			if (performance.now() > deadline) throw new Error(`no session was opened: ${this.description}`);
			if (this.wire.isReady && !this.#isBusy) await this.#open();
			await sleep(LOOK_EVERY_MS);
		}
	}

	/** Looks at a session that is there. */
	async look(sessionId: string): Promise<void> {
		this.#sessionId = sessionId;
		if (this.wire.isReady) void this.#attach();
		await this.untilLive();
	}

	type(text: string | Uint8Array): void {
		const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
		if (!this.#input.push(bytes)) throw new Error("more input than a page keeps");
	}

	/** Resolves once everything that came is on the screen. */
	async untilParsed(): Promise<void> {
		await this.#output.untilParsed();
	}

	/** Ends the session with its programs. */
	async close(): Promise<void> {
		const sessionId = this.#sessionId;
		this.#sessionId = null;
		this.#letGo();
		if (sessionId !== null) await this.wire.request("session:close", { sessionId });
	}

	[Symbol.dispose](): void {
		this.#sessionId = null;
		this.#letGo();
		this.wire[Symbol.dispose]();
	}

	#listen(): void {
		const { socket } = this.wire;
		const isOurs = (sessionId: string): boolean => sessionId === this.#sessionId;
		socket.on("session:output", (sessionId, offset, bytes) => {
			if (isOurs(sessionId)) this.#output.receive(offset, bytes);
		});
		socket.on("session:changed", ({ sessionId, size, sizedAt }) => {
			if (isOurs(sessionId)) this.#output.resized({ offset: sizedAt, ...size });
		});
		socket.on("session:input-ack", (_sessionId, seq) => this.#input.acknowledge(seq));
		socket.on("session:input-refused", (_sessionId, seq, { code }) => this.#onInputRefused(seq, code));
		socket.on("session:detached", (_sessionId, reason) => this.#onDetached(reason));
		socket.on("session:closed", (sessionId, reason) => {
			if (isOurs(sessionId)) this.problems.push(`the session was taken away: ${reason}`);
		});
		socket.on("berth:error", (event, { code }) => this.#onError(event, code));
	}

	#onDetached(reason: string): void {
		this.detachments.push(reason);
		this.#reattach();
	}

	#onFault(): void {
		this.problems.push(`output did not follow what was there: ${this.description}`);
	}

	#onError(event: string, code: string): void {
		if (code === "SESSION_NOT_ATTACHED") this.#reattach();
		else this.problems.push(`${event} was refused: ${code}`);
	}

	#onInputRefused(seq: number, code: string): void {
		this.#input.pause();
		this.#input.acknowledge(seq);
		if (code === "SESSION_ENDED") this.problems.push("input was refused: the session has ended");
		clearTimeout(this.#timers.resend);
		this.#timers.resend = setTimeout(() => {
			if (this.#isLive) this.#input.resume();
		}, RESEND_PAUSE_MS);
	}

	/** There is no attachment: what is typed from now on waits. */
	#letGo(): void {
		this.#attempt += 1;
		clearTimeout(this.#timers.retry);
		clearTimeout(this.#timers.resend);
		this.#input.pause();
		this.#output.pause();
		this.#isLive = false;
	}

	#reattach(): void {
		this.#letGo();
		this.#attachIn(this.#pause.detached(performance.now()));
	}

	#attachIn(pauseMs: number): void {
		clearTimeout(this.#timers.retry);
		this.#timers.retry = setTimeout(() => {
			if (this.wire.isReady) void this.#attach();
		}, pauseMs);
	}

	async #open(): Promise<void> {
		await this.#begin(null, (onReply) =>
			this.wire.request("session:open", { pageId: this.pageId, name: "x", size: this.#size }, onReply),
		);
	}

	/** Attaches where the page was; safe to call again. */
	async #attach(): Promise<void> {
		const sessionId = this.#sessionId;
		if (sessionId === null || this.#isBusy || this.#isLive) return;
		this.#letGo();
		const attempt = this.#attempt;
		this.#isBusy = true;
		await this.#output.untilParsed();
		this.#isBusy = false;
		if (attempt !== this.#attempt) {
			if (this.wire.isReady) void this.#attach();
			return;
		}
		const { pageId } = this;
		const from = this.#output.resumeFrom;
		await this.#begin(from, (onReply) =>
			this.wire.request("session:attach", { pageId, sessionId, from, size: this.#size }, onReply),
		);
	}

	/** Asks for an attachment and takes it at once: output may come right behind the answer. */
	async #begin(asked: number | null, ask: (onReply: (reply: Reply<Attached>) => void) => Promise<unknown>) {
		this.#output.expect();
		this.#attempt += 1;
		const attempt = this.#attempt;
		this.#isBusy = true;
		let reply: Reply<Attached> | null = null;
		await ask((answer) => {
			reply = answer;
			if (answer.ok && attempt === this.#attempt) this.#take(answer, asked);
		});
		this.#isBusy = false;
		if (!this.#isLive && this.#sessionId !== null && this.wire.isReady) this.#onNotAttached(reply);
	}

	#take(attached: Attached, asked: number | null): void {
		const { session, from, snapshotEnd, sizes, inputAccepted } = attached;
		this.attaches.push({ ...attached, asked });
		if (!this.#output.attach({ from, snapshotEnd, sizes, replayEnd: session.outputEnd })) {
			this.problems.push(`attached at ${from} instead of ${asked}`);
			return;
		}
		this.#pause.attached(performance.now());
		this.#sessionId = session.sessionId;
		this.#isLive = true;
		this.#input.restartFrom(inputAccepted);
	}

	#onNotAttached(reply: Reply<Attached> | null): void {
		if (reply !== null && !reply.ok && (reply.error.code === "SESSION_NOT_FOUND" || reply.error.code === "BAD_REQUEST"))
			this.problems.push(`attach was refused: ${reply.error.code}`);
		else this.#attachIn(RETRY_PAUSE_MS);
	}

	#emit(emit: (sessionId: string) => void): void {
		if (this.#isLive && this.#sessionId !== null) emit(this.#sessionId);
	}
}
