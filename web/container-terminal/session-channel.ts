/**
 * The wire half of a session on the page: sends what is typed, takes what is printed, and resumes both where they were
 * after the connection broke. Knows nothing of tabs.
 */
import type { ErrorCode } from "../../server/protocol/errors.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import type { Attached } from "../../server/protocol/terminal.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { InputQueue } from "./input-queue.ts";
import { OutputStream } from "./output-stream.ts";

export type ChannelOptions = {
	connection: GatewayConnection;
	pageId: string;
	/** Size that the terminal has now. */
	size(): TerminalSize;
	/** Parses bytes, then calls `onParsed`. */
	write(bytes: Uint8Array, onParsed: () => void): void;
	/** So many bytes of output are gone for good. */
	onGap(missing: number): void;
};

/** Input that a program does not read is refused; it is sent again after so long. */
const RESEND_PAUSE_MS = 300;

export class SessionChannel {
	readonly #options: ChannelOptions;
	readonly #output: OutputStream;
	readonly #input: InputQueue;
	/** The session that is attached now. */
	#sessionId: string | null = null;
	#sentSize = "";
	#resend: number | undefined;

	constructor(options: ChannelOptions) {
		this.#options = options;
		const { socket } = options.connection;
		this.#output = new OutputStream({
			write: options.write,
			onGap: options.onGap,
			acknowledge: (offset) => this.#emit((sessionId) => socket.emit("session:ack", sessionId, offset)),
		});
		this.#input = new InputQueue((seq, bytes) =>
			this.#emit((sessionId) => socket.emit("session:input", sessionId, seq, bytes)),
		);
	}

	/** Whether what the terminal parses now was answered long ago. */
	get isReplaying(): boolean {
		return this.#output.isReplaying;
	}

	/** Throws `RequestFailure`. */
	async open(name: string): Promise<Attached> {
		const { connection, pageId } = this.#options;
		return this.#begin(await connection.request("session:open", { pageId, name, size: this.#noteSize() }));
	}

	/** Attaches, anew or where it was before the connection broke. Throws `RequestFailure`. */
	async attach(sessionId: string): Promise<Attached> {
		const { connection, pageId } = this.#options;
		// What is on its way to the screen is parsed first, so that no byte of it is asked for again.
		await this.#output.untilParsed();
		const from = this.#output.resumeFrom;
		return this.#begin(await connection.request("session:attach", { pageId, sessionId, from, size: this.#noteSize() }));
	}

	/** The connection broke: what is typed from now on waits. */
	pause(): void {
		clearTimeout(this.#resend);
		this.#input.pause();
		this.#sessionId = null;
	}

	/** The session is gone; the next one begins from nothing. */
	reset(): void {
		this.pause();
		this.#output.restart();
		this.#input.clear();
	}

	/** False where it does not fit; then nothing of it was taken. */
	push(bytes: Uint8Array): boolean {
		return this.#input.push(bytes);
	}

	/** Tells the program the terminal's size, where it is another than it was told. */
	sendSize(): void {
		if (this.#sentSize === nameOf(this.#options.size())) return;
		this.#emit((sessionId) => {
			const size = this.#noteSize();
			this.#options.connection.request("session:resize", { sessionId, size }).catch(() => {});
		});
	}

	/** Resolves once everything before `offset` is on the screen. */
	async untilParsed(offset: number): Promise<void> {
		await this.#output.untilParsed(offset);
	}

	onOutput(offset: number, bytes: Uint8Array): void {
		this.#output.receive(offset, bytes);
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

	#begin(attached: Attached): Attached {
		const { from, inputAccepted, session } = attached;
		this.#sessionId = session.sessionId;
		this.#output.attach(from, session.outputEnd);
		this.#input.restartFrom(inputAccepted);
		this.sendSize();
		return attached;
	}

	#noteSize(): TerminalSize {
		const size = this.#options.size();
		this.#sentSize = nameOf(size);
		return size;
	}

	#emit(emit: (sessionId: string) => void): void {
		if (this.#sessionId !== null) emit(this.#sessionId);
	}
}

function nameOf({ cols, rows }: TerminalSize): string {
	return `${cols}×${rows}`;
}
