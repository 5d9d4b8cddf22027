/** One session on the page: its terminal, its place in the output, what was typed and is not acknowledged. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { SessionInfo, SessionState } from "../../server/protocol/session.ts";
import { confirmPaste } from "./dialogs.ts";
import { type GatewayConnection, RequestFailure } from "./gateway-connection.ts";
import { InputQueue } from "./input-queue.ts";
import { OutputStream } from "./output-stream.ts";
import type { Settings } from "./settings.ts";
import { TerminalView } from "./terminal-view.ts";

export type TabState =
	/** No session yet, or the one it had was lost with its container. */
	| { kind: "empty" }
	/** A session that is not attached now: never shown, or the connection broke. */
	| { kind: "waiting"; sessionId: string }
	| { kind: "live"; sessionId: string }
	/** The program ended; what it printed can still be read. */
	| { kind: "ended"; sessionId: string };

export type TabOptions = {
	connection: GatewayConnection;
	stage: HTMLElement;
	settings: Settings;
	pageId: string;
	name: string;
	onChange(): void;
	onBell(): void;
	/** Something the person should know. */
	onNotice(text: string): void;
	takesKey(event: KeyboardEvent): boolean;
	withStickyKeys(text: string): string;
};

/** A program that does not read refuses input; it is asked again after this. */
const OVERFLOW_PAUSE_MS = 300;

export class SessionTab {
	name: string;
	/** As the program calls itself; may be empty. */
	title = "";
	/** Whether it wants attention: printed a bell while hidden. */
	hasNews = false;
	readonly view: TerminalView;
	readonly #options: TabOptions;
	readonly #output: OutputStream;
	readonly #input: InputQueue;
	#state: TabState = { kind: "empty" };
	#isBusy = false;

	constructor(options: TabOptions) {
		this.#options = options;
		this.name = options.name;
		const { socket } = options.connection;
		this.#output = new OutputStream({
			write: (bytes, onParsed) => this.view.terminal.write(bytes, onParsed),
			onGap: (missing) => this.#onGap(missing),
			acknowledge: (offset) => this.#emitFor((sessionId) => socket.emit("session:ack", sessionId, offset)),
		});
		this.#input = new InputQueue((seq, bytes) =>
			this.#emitFor((sessionId) => socket.emit("session:input", sessionId, seq, bytes)),
		);
		this.view = new TerminalView(options.stage, options.settings, {
			onInput: (bytes) => this.#onInput(bytes),
			onSize: (size) => this.#onSize(size),
			onTitle: (title) => this.#onTitle(title),
			onBell: options.onBell,
			takesKey: (event) => this.#restartsBy(event) || options.takesKey(event),
			withStickyKeys: options.withStickyKeys,
			isReplaying: () => this.#output.isReplaying,
		});
	}

	get state(): TabState {
		return this.#state;
	}

	get sessionId(): string | null {
		return this.#state.kind === "empty" ? null : this.#state.sessionId;
	}

	/** This tab shows a session that exists already. */
	adopt({ sessionId, name }: SessionInfo): void {
		this.name = name;
		this.#enter({ kind: "waiting", sessionId });
	}

	/** Has a session running and attached, whatever that takes; safe to call again. */
	async connect(): Promise<void> {
		if (this.#isBusy || this.#state.kind === "live" || this.#state.kind === "ended") return;
		this.#isBusy = true;
		try {
			if (this.#state.kind === "empty") await this.#open();
			else await this.#attach(this.#state.sessionId);
		} catch (thrown) {
			this.#onFailure(thrown);
		} finally {
			this.#isBusy = false;
		}
	}

	/** The page's connection broke: the session goes on without it. */
	disconnect(): void {
		this.#input.pause();
		if (this.#state.kind === "live") this.#enter({ kind: "waiting", sessionId: this.#state.sessionId });
	}

	/** The session is gone with its container. */
	lose(): void {
		if (this.#state.kind === "empty") return;
		this.view.note("the container was restarted; your files are safe");
		this.#reset();
	}

	onOutput(offset: number, bytes: Uint8Array): void {
		this.#output.receive(offset, bytes);
	}

	onInputAccepted(seq: number): void {
		this.#input.acknowledge(seq);
	}

	onInputRefused(seq: number, { code }: WireError): void {
		if (code === "SESSION_ENDED" || code === "SESSION_NOT_ATTACHED") return;
		if (code !== "INPUT_OVERFLOW") {
			this.#input.restartFrom(seq);
			return;
		}
		this.#input.pause();
		setTimeout(() => {
			if (this.#state.kind === "live") this.#input.restartFrom(seq);
		}, OVERFLOW_PAUSE_MS);
	}

	onSessionChanged({ name, state }: SessionInfo): void {
		this.name = name;
		if (state.kind === "exited") this.#end(state);
		this.#options.onChange();
	}

	async paste(text: string): Promise<void> {
		const { terminal } = this.view;
		const isMarked = terminal.modes.bracketedPasteMode;
		if (!isMarked && /[\r\n]./.test(text) && !(await confirmPaste(text))) return;
		terminal.paste(text);
	}

	/** As if it had been typed. */
	type(text: string): void {
		this.view.terminal.input(text);
	}

	dispose(): void {
		this.view.dispose();
	}

	async #open(): Promise<void> {
		const { connection, pageId } = this.#options;
		const attached = await connection.request("session:open", { pageId, name: this.name, size: this.view.size });
		this.#goLive(attached);
	}

	async #attach(sessionId: string): Promise<void> {
		const { connection, pageId } = this.#options;
		const from = this.#output.parsed === 0 ? null : this.#output.parsed;
		const attached = await connection.request("session:attach", { pageId, sessionId, from, size: this.view.size });
		this.#goLive(attached);
		if (attached.session.state.kind === "exited") this.#end(attached.session.state);
	}

	#goLive({ session, from, inputAccepted }: { session: SessionInfo; from: number; inputAccepted: number }): void {
		this.name = session.name;
		this.#enter({ kind: "live", sessionId: session.sessionId });
		this.#output.attach(from, session.outputEnd);
		this.#input.restartFrom(inputAccepted);
		this.#onSize(this.view.size);
	}

	#onFailure(thrown: unknown): void {
		if (!(thrown instanceof RequestFailure)) throw thrown;
		const { code, message, action } = thrown.error;
		if (code === "SESSION_NOT_FOUND") this.lose();
		else if (code === "TOO_MANY_SESSIONS") this.view.note(`${message} ${action}`);
		if (!WAITING_CODES.has(code)) this.#options.onNotice(`${message} ${action}`);
	}

	#end({ exitCode, signal }: Extract<SessionState, { kind: "exited" }>): void {
		if (this.#state.kind !== "live" && this.#state.kind !== "waiting") return;
		const { sessionId } = this.#state;
		this.#enter({ kind: "ended", sessionId });
		const how = signal === null ? `ended with exit code ${exitCode}` : `ended by ${signal}`;
		// Behind whatever the program printed last, which may still be on its way.
		setTimeout(() => this.view.note(`${how} · press Enter for a new shell`), END_NOTE_DELAY_MS);
	}

	/** Enter in an ended session opens a fresh shell in its place. */
	#restartsBy(event: KeyboardEvent): boolean {
		if (this.#state.kind !== "ended" || event.key !== "Enter" || event.type !== "keydown") return false;
		const { sessionId } = this.#state;
		void this.#options.connection.request("session:close", { sessionId }).catch(() => {});
		this.#reset();
		this.view.terminal.reset();
		void this.connect();
		return true;
	}

	#reset(): void {
		this.#output.restart();
		this.#input.clear();
		this.title = "";
		this.#enter({ kind: "empty" });
	}

	#onInput(bytes: Uint8Array): void {
		if (this.#state.kind === "ended" || this.#state.kind === "empty") return;
		if (!this.#input.push(bytes)) this.#options.onNotice("That is too much to paste at once: at most 8 MB fit.");
	}

	#onSize(size: { cols: number; rows: number }): void {
		const { connection } = this.#options;
		this.#emitFor((sessionId) => void connection.request("session:resize", { sessionId, size }).catch(() => {}));
	}

	#onTitle(title: string): void {
		this.title = title;
		this.#options.onChange();
	}

	#onGap(missing: number): void {
		this.view.terminal.reset();
		this.view.note(`${Math.ceil(missing / 1024)} KB of older output are not kept any more`);
	}

	#emitFor(emit: (sessionId: string) => void): void {
		if (this.#state.kind === "live") emit(this.#state.sessionId);
	}

	#enter(state: TabState): void {
		this.#state = state;
		this.#options.onChange();
	}
}

const END_NOTE_DELAY_MS = 120;

/** The cover over the terminal says these already. */
const WAITING_CODES = new Set([
	"POOL_FULL",
	"POOL_STARTING",
	"CONTAINER_RESTARTING",
	"CONTAINER_FAILED",
	"ENGINE_UNREACHABLE",
	"IMAGE_MISSING",
	"NOT_HARDENED",
	"LINK_BROKEN",
	"SESSION_NOT_FOUND",
]);
