/** One session on the page: its terminal, what the gateway says of it, and what the person is told. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { SessionInfo } from "../../server/protocol/session.ts";
import type { Attached } from "../../server/protocol/terminal.ts";
import { confirmPaste } from "./dialogs.ts";
import { type GatewayConnection, RequestFailure } from "./gateway-connection.ts";
import { SessionChannel } from "./session-channel.ts";
import { endingOf, isShownByCover, OUT_OF_REACH } from "./session-words.ts";
import type { Settings } from "./settings.ts";
import { TerminalView } from "./terminal-view.ts";

export type TabState =
	/** No session yet, or the one it had was lost with its container. */
	| { kind: "empty" }
	/** A session that is not attached now: never shown, or the connection broke. */
	| { kind: "waiting"; sessionId: string }
	| { kind: "live"; sessionId: string }
	/** The program ended, and all that it printed is on the screen. */
	| { kind: "ended"; sessionId: string };

export type TabOptions = {
	connection: GatewayConnection;
	stage: HTMLElement;
	settings: Settings;
	pageId: string;
	name: string;
	onChange(): void;
	onBell(): void;
	/** The gateway would not open a session in this tab. */
	onRefused(error: WireError): void;
	/** Something the person should know. */
	onNotice(text: string): void;
	takesKey(event: KeyboardEvent): boolean;
	withStickyKeys(text: string): string;
};

/** A request that nobody answered is made again after so long. */
const RETRY_PAUSE_MS = 2_000;
/** Programs may print titles of any length. */
const MAX_TITLE_LENGTH = 120;

export class SessionTab {
	name: string;
	/** As the program calls itself; may be empty. */
	title = "";
	/** Whether it wants attention: printed a bell while hidden. */
	hasNews = false;
	readonly view: TerminalView;
	readonly channel: SessionChannel;
	readonly #options: TabOptions;
	#state: TabState = { kind: "empty" };
	/** How the program ended, once it has; its last output may still be on the way. */
	#ending: string | null = null;
	#isBusy = false;
	/** The gateway would not open a session; the person may ask again. */
	#isRefused = false;
	#retry: number | undefined;

	constructor(options: TabOptions) {
		this.#options = options;
		this.name = options.name;
		this.channel = new SessionChannel({
			connection: options.connection,
			pageId: options.pageId,
			size: () => this.view.size,
			write: (bytes, onParsed) => this.view.terminal.write(bytes, onParsed),
			onGap: (missing) => this.view.restart(`${Math.ceil(missing / 1024)} KB of older output are not kept any more`),
		});
		this.view = new TerminalView(options.stage, options.settings, {
			onInput: (bytes) => this.#onInput(bytes),
			onSize: () => this.channel.sendSize(),
			onTitle: (title) => this.#onTitle(title),
			onBell: options.onBell,
			takesKey: (event) => this.#startsBy(event) || options.takesKey(event),
			withStickyKeys: options.withStickyKeys,
			isReplaying: () => this.channel.isReplaying,
		});
	}

	get state(): TabState {
		return this.#state;
	}

	get sessionId(): string | null {
		return this.#state.kind === "empty" ? null : this.#state.sessionId;
	}

	get panelId(): string {
		return this.view.panel.id;
	}

	get hasEnded(): boolean {
		return this.#ending !== null;
	}

	/** This tab shows a session that exists already. */
	adopt(session: SessionInfo): void {
		this.#enter({ kind: "waiting", sessionId: session.sessionId });
		this.onSessionChanged(session);
	}

	/** Has a session running and attached, whatever that takes; safe to call again. */
	async connect(): Promise<void> {
		if (this.#isBusy || this.#state.kind === "live" || this.#state.kind === "ended") return;
		this.#isBusy = true;
		this.#isRefused = false;
		clearTimeout(this.#retry);
		try {
			const { sessionId } = this;
			this.#goLive(sessionId === null ? await this.channel.open(this.name) : await this.channel.attach(sessionId));
		} catch (thrown) {
			this.#onFailure(thrown);
		} finally {
			this.#isBusy = false;
		}
	}

	/** The page's connection broke: the session goes on without it. */
	disconnect(): void {
		clearTimeout(this.#retry);
		this.channel.pause();
		if (this.#state.kind === "live") this.#enter({ kind: "waiting", sessionId: this.#state.sessionId });
	}

	/** The session is gone; `why` is for the person. One that had ended stays to be read. */
	lose(why: string): void {
		if (this.#state.kind === "empty" || this.#state.kind === "ended") return;
		this.view.note(why);
		this.#reset();
	}

	onSessionChanged({ name, state, outputEnd }: SessionInfo): void {
		this.name = name;
		if (state.kind === "exited") {
			this.#ending ??= endingOf(state);
			if (this.#state.kind === "live") void this.#end(outputEnd, this.#ending);
		}
		this.#options.onChange();
	}

	async paste(text: string): Promise<void> {
		if (this.#state.kind === "ended") return;
		const isMarked = this.view.terminal.modes.bracketedPasteMode;
		if (!isMarked && /[\r\n]./.test(text) && !(await confirmPaste(text))) return;
		this.view.paste(text);
	}

	/** As if it had been typed. */
	type(text: string): void {
		this.view.terminal.input(text);
	}

	dispose(): void {
		this.disconnect();
		this.view.dispose();
	}

	#goLive({ session }: Attached): void {
		this.#enter({ kind: "live", sessionId: session.sessionId });
		this.onSessionChanged(session);
	}

	#onFailure(thrown: unknown): void {
		if (!(thrown instanceof RequestFailure)) throw thrown;
		const { error } = thrown;
		if (error.code === "SESSION_NOT_FOUND") this.lose("this session is gone");
		else if (OUT_OF_REACH.has(error.code)) this.#retry = window.setTimeout(() => void this.connect(), RETRY_PAUSE_MS);
		else if (!isShownByCover(error.code)) this.#refuse(error);
	}

	#refuse(error: WireError): void {
		this.#isRefused = true;
		this.view.note(`${error.message} ${error.action} · press Enter to try again`);
		this.#options.onRefused(error);
	}

	/** Says how the program ended, once its last output is on the screen. */
	async #end(outputEnd: number, ending: string): Promise<void> {
		await this.channel.untilParsed(outputEnd);
		if (this.#state.kind !== "live" || this.#ending === null) return;
		this.#enter({ kind: "ended", sessionId: this.#state.sessionId });
		this.view.note(`${ending} · press Enter for a new shell`);
	}

	/** Enter in an ended or refused session opens a fresh shell in its place. */
	#startsBy(event: KeyboardEvent): boolean {
		if (event.key !== "Enter" || (this.#state.kind !== "ended" && !this.#isRefused)) return false;
		if (event.type !== "keydown") return true;
		if (this.#state.kind === "ended") {
			const { sessionId } = this.#state;
			this.#options.connection.request("session:close", { sessionId }).catch(() => {});
			this.#reset();
		}
		this.view.restart();
		void this.connect();
		return true;
	}

	#reset(): void {
		this.channel.reset();
		this.#ending = null;
		this.title = "";
		this.#enter({ kind: "empty" });
	}

	#onInput(bytes: Uint8Array): void {
		if (this.#state.kind === "ended") return;
		// What is typed while a shell is being opened is for it; with none on the way it is for nobody.
		if (this.#state.kind === "empty" && !this.#isBusy) return;
		if (!this.channel.push(bytes)) this.#options.onNotice("That is too much to paste at once: at most 8 MB fit.");
	}

	#onTitle(title: string): void {
		this.title = title.slice(0, MAX_TITLE_LENGTH);
		this.#options.onChange();
	}

	#enter(state: TabState): void {
		this.#state = state;
		this.#options.onChange();
	}
}
