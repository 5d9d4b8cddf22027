/** One session on the page: its terminal, what the gateway says of it, and what the person is told. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { SessionInfo, SessionState, TerminalSize } from "../../server/protocol/session.ts";
import type { DetachReason } from "../../server/protocol/terminal.ts";
import type { Settings } from "../shared/settings.ts";
import { AttachLoop } from "./attach-loop.ts";
import { confirmPaste } from "./dialogs.ts";
import { ExpiryNotice } from "./expiry-notice.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { missingSecretsWords } from "./secret-words.ts";
import { type Opening, SessionChannel } from "./session-channel.ts";
import { endingOf, expiryHint, isShownByCover, skippedWords } from "./session-words.ts";
import { SizeClaim } from "./size-claim.ts";
import { TerminalView } from "./terminal-view.ts";

export type TabState =
	/** No session yet, or the one it had was lost with its container. */
	| { kind: "empty" }
	/** A session that is not attached now: never shown, or the connection broke. */
	| { kind: "waiting"; sessionId: string }
	| { kind: "live"; sessionId: string }
	/** The program ended, and all that it printed is on the screen. */
	| { kind: "ended"; sessionId: string };

/** How a program ended. */
export type Ending = Extract<SessionState, { kind: "exited" }>;

export type TabOptions = {
	connection: GatewayConnection;
	stage: HTMLElement;
	settings: Settings;
	pageId: string;
	name: string;
	onChange(): void;
	onBell(): void;
	/** The program has ended, and all that it printed is on the screen. */
	onEnded(ending: Ending): void;
	/** The terminal has another grid now. */
	onGrid(size: TerminalSize): void;
	/** The program wants this text on the clipboard. */
	onCopy(text: string): void;
	/** The gateway would not open a session in this tab. */
	onRefused(error: WireError): void;
	/** Something the person should know. */
	onNotice(text: string): void;
	takesKey(event: KeyboardEvent): boolean;
	withStickyKeys(text: string): string;
};

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
	readonly #size: SizeClaim;
	readonly #expiry = new ExpiryNotice();
	readonly #attaching: AttachLoop;
	#state: TabState = { kind: "empty" };
	/** What the gateway last said of it. */
	#session: SessionInfo | null = null;
	/** The same, but nothing from before the last try to attach. */
	#news: SessionInfo | null = null;
	/** How far output went when a snapshot last came in place of it. */
	#redrawnUntil = 0;
	/** How the program ended, once it has; its last output may still be on the way. */
	#ending: Ending | null = null;
	/** The gateway would not open a session; the person may ask again. */
	#isRefused = false;

	constructor(options: TabOptions) {
		this.#options = options;
		this.name = options.name;
		this.channel = new SessionChannel({
			connection: options.connection,
			pageId: options.pageId,
			write: (bytes, onParsed) => this.view.terminal.write(bytes, onParsed),
			reset: (onDone) => this.view.reset(onDone),
			resize: (size) => this.view.impose(size),
			onFault: () => void this.#attaching.again("fault"),
		});
		this.#attaching = new AttachLoop({
			isNeeded: () => this.#state.kind === "empty" || this.#state.kind === "waiting",
			attach: () => this.#attach(),
			onUnattached: () => this.#letGo(),
			onRefused: (error) => this.#onRefused(error),
		});
		this.#size = new SizeClaim({
			own: () => this.view.proposal,
			session: () => this.channel.sessionSize,
			isSeen: () => this.view.isShown && document.visibilityState === "visible",
			resize: (size) => this.channel.resize(size),
			onChange: () => this.view.follow(this.#state.kind !== "ended" && this.#size.isFollowing),
		});
		this.view = new TerminalView(options.stage, options.settings, {
			onInput: (bytes) => this.#onInput(bytes),
			onProposal: () => this.#size.onOwnSize(true),
			onTitle: (title) => this.#onTitle(title),
			onBell: options.onBell,
			onCopy: options.onCopy,
			takesKey: (event) => this.#startsBy(event) || options.takesKey(event),
			withStickyKeys: options.withStickyKeys,
			isReplaying: () => this.channel.isReplaying,
			isMute: () => this.#isMute,
		});
		this.view.terminal.onResize((size) => options.onGrid(size));
	}

	get state(): TabState {
		return this.#state;
	}

	/** The channel's for what has just been opened: output may come in one breath with the answer. */
	get sessionId(): string | null {
		return this.#state.kind === "empty" ? this.channel.sessionId : this.#state.sessionId;
	}

	get panelId(): string {
		return this.view.panel.id;
	}

	get hasEnded(): boolean {
		return this.#ending !== null;
	}

	get warning(): string | null {
		const expiry = this.#session?.expiry ?? null;
		return expiry === null ? null : expiryHint(expiry);
	}

	/** This tab shows a session that exists already. */
	adopt(session: SessionInfo): void {
		this.#enter({ kind: "waiting", sessionId: session.sessionId });
		this.onSessionChanged(session);
	}

	/** Has a session running and attached, whatever that takes; safe to call again. */
	async connect(): Promise<void> {
		await this.#attaching.start();
	}

	/** The page's connection broke: the session goes on without it. */
	disconnect(): void {
		this.#attaching.stop();
	}

	/** The gateway let go of the attachment: the tab attaches again, where the terminal is. */
	onDetached(reason: DetachReason): void {
		if (this.#state.kind === "live") void this.#attaching.again(reason);
		// It was hardly there: whoever waits for it tries again.
		else if (this.channel.sessionId !== null) this.channel.pause();
	}

	/** Somebody looks at it now. */
	onSeen(): void {
		this.#size.onOwnSize(false);
	}

	/** The session is gone; `why` is for the person. One that had ended stays to be read. */
	lose(why: string): void {
		if (this.#state.kind === "empty" || this.#state.kind === "ended") return;
		this.view.note(why);
		this.#reset();
	}

	onSessionChanged(session: SessionInfo): void {
		this.#news = session;
		const { expiry, name, outputEnd, state } = session;
		this.#session = session;
		this.name = name;
		this.#size.onSession(session);
		// Where the page looks at it, nobody else has to; and where it does not, its tab says so.
		this.#expiry.show(name, expiry?.reason === "idle" ? expiry : null);
		if (state.kind === "exited") {
			this.#ending ??= state;
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

	/** Types a command and Enter, as somebody would who has read it. */
	run(command: string): void {
		this.view.paste(command);
		this.type("\r");
	}

	/** As if it had been typed. */
	type(text: string): void {
		this.view.terminal.input(text);
	}

	dispose(): void {
		this.disconnect();
		this.#expiry.show(this.name, null);
		this.view.dispose();
	}

	async #attach(): Promise<void> {
		this.#isRefused = false;
		this.#news = null;
		const { sessionId } = this;
		const size = this.#size.attaching(sessionId === null ? null : this.#session);
		if (sessionId === null) this.#goLive(await this.#open(size));
		else this.#goLive(await this.channel.attach(sessionId, size));
	}

	async #open(size: TerminalSize): Promise<Opening> {
		const opened = await this.channel.open(this.name, size);
		for (const text of missingSecretsWords(opened.secretProblems)) this.#options.onNotice(text);
		return opened;
	}

	#goLive({ isRedrawn, session }: Opening): void {
		this.#size.attached();
		this.#enter({ kind: "live", sessionId: session.sessionId });
		// News that came while the answer was on its way are later, such as of the session's end.
		this.onSessionChanged(this.#news ?? session);
		if (isRedrawn) void this.#tellSkipped(session.outputEnd);
	}

	/** Older output is gone, and how much is left is known once it is on the screen. */
	async #tellSkipped(replayEnd: number): Promise<void> {
		this.#redrawnUntil = replayEnd;
		await this.channel.untilParsed(replayEnd);
		// It may have happened again, and is told then.
		if (this.#state.kind === "empty" || this.#redrawnUntil !== replayEnd) return;
		this.#options.onNotice(skippedWords(this.name, this.view.terminal.buffer.normal.baseY));
	}

	#letGo(): void {
		this.#size.detached();
		this.channel.pause();
		if (this.#state.kind === "live") this.#enter({ kind: "waiting", sessionId: this.#state.sessionId });
	}

	#onRefused(error: WireError): void {
		if (error.code === "SESSION_NOT_FOUND") this.lose("this session is gone");
		else if (!isShownByCover(error.code)) this.#refuse(error);
	}

	#refuse(error: WireError): void {
		this.#isRefused = true;
		this.view.note(`${error.message} ${error.action} · press Enter to try again`);
		this.#options.onRefused(error);
	}

	/** Says how the program ended, once its last output is on the screen. */
	async #end(outputEnd: number, ending: Ending): Promise<void> {
		await this.channel.untilParsed(outputEnd);
		if (this.#state.kind !== "live" || this.#ending === null) return;
		this.#enter({ kind: "ended", sessionId: this.#state.sessionId });
		// Nothing is drawn into it any more: it can as well have the size of the panel.
		this.view.follow(false);
		this.view.impose(null);
		this.view.note(`${endingOf(ending)} · press Enter for a new shell`);
		this.#options.onEnded(ending);
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
		this.channel.redraw();
		this.view.reset();
		void this.connect();
		return true;
	}

	#reset(): void {
		this.channel.reset();
		this.#size.reset();
		this.#session = null;
		this.#expiry.show(this.name, null);
		this.view.follow(false);
		this.view.impose(null);
		this.#ending = null;
		this.title = "";
		this.#enter({ kind: "empty" });
	}

	#onInput(bytes: Uint8Array): void {
		if (this.#state.kind === "ended") return;
		// What is typed while a shell is being opened is for it; with none on the way it is for nobody.
		if (this.#state.kind === "empty" && !this.#attaching.isBusy) return;
		this.#size.claim();
		if (!this.channel.push(bytes)) this.#options.onNotice("That is too much to paste at once: at most 8 MB fit.");
	}

	/** One of the pages that show a session answers what its program asks the terminal: where the person is. */
	get #isMute(): boolean {
		const state = this.#session?.state;
		const isShared = state?.kind === "running" && state.attached > 1;
		return isShared && (this.#size.isFollowing || !document.hasFocus());
	}

	#onTitle(title: string): void {
		this.title = title.replace(/\p{C}/gu, "").slice(0, MAX_TITLE_LENGTH);
		this.#options.onChange();
	}

	#enter(state: TabState): void {
		this.#state = state;
		this.#options.onChange();
	}
}
