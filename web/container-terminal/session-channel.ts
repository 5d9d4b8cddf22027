/**
 * The wire half of a session on the page: sends what is typed, takes what is printed, and resumes both where they were
 * after the connection broke. Knows nothing of tabs.
 */
import type { ErrorCode } from "../../server/protocol/errors.ts";
import type { OutputSize, TerminalSize } from "../../server/protocol/session.ts";
import type { Attached, Opened } from "../../server/protocol/terminal.ts";
import { type GatewayConnection, RequestFailure, UNANSWERED } from "./gateway-connection.ts";
import { InputQueue } from "./input-queue.ts";
import { type OutputSink, OutputStream } from "./output-stream.ts";

export type ChannelOptions = Pick<OutputSink, "write" | "reset" | "resize" | "onFault"> & {
	connection: GatewayConnection;
	pageId: string;
};

/** `isRedrawn`: output went on elsewhere than where the page was; what is between is not shown. */
export type Opening = Attached & { isRedrawn: boolean };

/** An attempt to attach that is not wanted any more: the connection broke meanwhile, or another one was made. */
export class Superseded extends Error {
	override readonly name = "Superseded";
}

/** Input that a program does not read is refused; it is sent again after so long. */
const RESEND_PAUSE_MS = 300;

export class SessionChannel {
	readonly #options: ChannelOptions;
	readonly #output: OutputStream;
	readonly #input: InputQueue;
	#sessionId: string | null = null;
	/** Raised with each attempt to attach, and when one is not wanted any more. */
	#attempt = 0;
	#resend: number | undefined;

	constructor(options: ChannelOptions) {
		const { connection, onFault, reset, resize, write } = options;
		const { socket } = connection;
		this.#options = options;
		this.#output = new OutputStream({
			write,
			reset,
			resize,
			onFault,
			acknowledge: (offset) => this.#emit((sessionId) => socket.emit("session:ack", sessionId, offset)),
		});
		this.#input = new InputQueue((seq, bytes) =>
			this.#emit((sessionId) => socket.emit("session:input", sessionId, seq, bytes)),
		);
	}

	/** The session that is attached now; null where none is. Set before anything that came right behind the answer. */
	get sessionId(): string | null {
		return this.#sessionId;
	}

	/** Whether what the terminal parses now was answered long ago. */
	get isReplaying(): boolean {
		return this.#output.isReplaying;
	}

	/** Size of the session's terminal; null where nothing is known yet. */
	get sessionSize(): TerminalSize | null {
		return this.#output.newestSize;
	}

	/** Throws `RequestFailure` or `Superseded`. */
	async open(name: string, size: TerminalSize): Promise<Opening & Opened> {
		const { connection, pageId } = this.#options;
		return await this.#begin<Opened>(null, (onResult) =>
			connection.request("session:open", { pageId, name, size }, onResult),
		);
	}

	/** Attaches, anew or where it was before the connection broke. Throws `RequestFailure` or `Superseded`. */
	async attach(sessionId: string, size: TerminalSize): Promise<Opening> {
		const { connection, pageId } = this.#options;
		this.pause();
		const attempt = this.#attempt;
		// What is on its way to the screen is parsed first, so that no byte of it is asked for again.
		await this.#output.untilParsed();
		if (attempt !== this.#attempt) throw new Superseded();
		const from = this.#output.resumeFrom;
		return await this.#begin<Attached>(from, (onResult) =>
			connection.request("session:attach", { pageId, sessionId, from, size }, onResult),
		);
	}

	/** The attachment is gone: what is typed from now on waits. */
	pause(): void {
		this.#attempt += 1;
		clearTimeout(this.#resend);
		this.#input.pause();
		this.#output.pause();
		this.#sessionId = null;
	}

	/** The session is gone; the next one begins from nothing. */
	reset(): void {
		this.pause();
		this.#output.restart();
		this.#input.clear();
	}

	/** The screen is not the session's any more: the next attachment begins from nothing. */
	redraw(): void {
		this.pause();
		this.#output.invalidate();
	}

	/** False where it does not fit; then nothing of it was taken. */
	push(bytes: Uint8Array): boolean {
		return this.#input.push(bytes);
	}

	/** Tells the session what size this page's terminal should have. Throws `RequestFailure`. */
	async resize(size: TerminalSize): Promise<void> {
		const sessionId = this.#sessionId;
		if (sessionId === null) throw new RequestFailure(UNANSWERED.error);
		await this.#options.connection.request("session:resize", { sessionId, size });
	}

	/** Resolves once everything before `offset` is on the screen. */
	async untilParsed(offset: number): Promise<void> {
		await this.#output.untilParsed(offset);
	}

	onOutput(offset: number, bytes: Uint8Array): void {
		this.#output.receive(offset, bytes);
	}

	/** The session's terminal has this size from `size.offset` on. */
	onResized(size: OutputSize): void {
		this.#output.resized(size);
	}

	onInputAccepted(seq: number): void {
		this.#input.acknowledge(seq);
	}

	onInputRefused(seq: number, code: ErrorCode): void {
		this.#input.pause();
		this.#input.acknowledge(seq);
		if (code === "SESSION_ENDED") return;
		// Each message that was under way is refused; they are sent again once.
		clearTimeout(this.#resend);
		this.#resend = window.setTimeout(() => {
			if (this.#sessionId !== null) this.#input.resume();
		}, RESEND_PAUSE_MS);
	}

	/** Asks for an attachment, and takes it at once: output may come right behind the answer. */
	async #begin<Answer extends Attached>(
		from: number | null,
		ask: (onResult: (attached: Answer) => void) => Promise<Answer>,
	): Promise<Opening & Answer> {
		// Socket.IO would keep the request for the next connection, where it means nothing.
		if (!this.#options.connection.socket.connected) throw new RequestFailure(UNANSWERED.error);
		this.pause();
		this.#output.expect();
		const attempt = this.#attempt;
		let isTaken = true;
		const attached = await ask((attached) => {
			if (attempt === this.#attempt) isTaken = this.#take(attached);
		});
		if (attempt !== this.#attempt) throw new Superseded();
		if (!isTaken) throw new RequestFailure(UNANSWERED.error);
		return { ...attached, isRedrawn: from !== null && attached.snapshotEnd !== null };
	}

	/** False where the output does not follow what is on the screen. */
	#take({ from, inputAccepted, session, sizes, snapshotEnd }: Attached): boolean {
		if (!this.#output.attach({ from, replayEnd: session.outputEnd, sizes, snapshotEnd })) return false;
		this.#sessionId = session.sessionId;
		this.#input.restartFrom(inputAccepted);
		return true;
	}

	#emit(emit: (sessionId: string) => void): void {
		if (this.#sessionId !== null) emit(this.#sessionId);
	}
}
