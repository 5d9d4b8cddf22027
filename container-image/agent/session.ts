/** One program on one terminal, its output kept for replay, and the pages that look at it. */
import { BerthError } from "../../server/protocol/errors.ts";
import type { SessionId, Username } from "../../server/protocol/ids.ts";
import { OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { SessionInfo, SessionSignal, SessionState, TerminalSize } from "../../server/protocol/session.ts";
import { Attachment, type AttachmentOptions } from "./attachment.ts";
import { InputLedger } from "./input-ledger.ts";
import { FlowGate } from "./output-window.ts";
import { readProcess, type ShellProcess, sendSignal } from "./processes.ts";
import { Pty, type PtyExit, type PtyOptions } from "./pty.ts";
import { Replay } from "./replay.ts";

export type SessionOptions = {
	sessionId: SessionId;
	account: Account;
	/** Home of the account. */
	home: string;
	/** Owner of the session's processes; null where accounts are not kept apart. */
	owner: number | null;
	name: string;
	replayBytes: number;
	pty: Omit<PtyOptions, "onOutput" | "onExit">;
	/** State, name or size are other ones now. */
	onChanged(session: Session): void;
	/** The program has ended, and all of its output has been read. */
	onExited(session: Session): void;
};

export type InputResult =
	| { kind: "accepted"; accepted: number }
	| { kind: "refused"; accepted: number; code: "INPUT_OUT_OF_ORDER" | "INPUT_OVERFLOW" | "SESSION_ENDED" };

/** Replay of a session that has ended and that nobody looks at. Enough to see how it ended; up to eight are kept. */
const ENDED_REPLAY_BYTES = 128 * 1024;

/** Start of a shell that had ended before it could be looked at: no process has it. */
const GONE = -1;

type Life = { kind: "alive" } | { kind: "exited"; at: number; exit: PtyExit };

export class Session {
	readonly sessionId: SessionId;
	readonly account: Account;
	readonly home: string;
	readonly createdAt = Date.now();
	/** The program, for ending it. */
	readonly shell: ShellProcess;
	readonly #options: SessionOptions;
	readonly #replay: Replay;
	readonly #pty: Pty;
	readonly #gate: FlowGate;
	readonly #ledger = new InputLedger();
	readonly #attachments = new Set<Attachment>();
	#name: string;
	#size: TerminalSize;
	#life: Life = { kind: "alive" };
	#detachedAt = Date.now();
	#activity = 0;

	/** Starts the program. Throws `BerthError` SPAWN_FAILED. */
	constructor(options: SessionOptions) {
		this.#options = options;
		this.sessionId = options.sessionId;
		this.account = options.account;
		this.home = options.home;
		this.#name = options.name;
		this.#size = options.pty.size;
		this.#replay = new Replay(options.replayBytes);
		this.#gate = new FlowGate({ window: OUTPUT_WINDOW_BYTES, ring: options.replayBytes });
		this.#pty = new Pty({
			...options.pty,
			onOutput: (bytes) => this.#onOutput(bytes),
			onExit: (exit) => this.#onExit(exit),
		});
		const { pid } = this.#pty;
		this.shell = { pid, startedAt: readProcess(pid)?.startedAt ?? GONE, owner: options.owner };
	}

	get username(): Username {
		return this.account.username;
	}

	get isAlive(): boolean {
		return this.#life.kind === "alive";
	}

	/** When the program ended, Unix time in ms; null while it runs. */
	get exitedAt(): number | null {
		return this.#life.kind === "exited" ? this.#life.at : null;
	}

	get terminalPath(): string {
		return this.#pty.path;
	}

	info(): SessionInfo {
		return {
			sessionId: this.sessionId,
			name: this.#name,
			state: this.#state(),
			size: this.#size,
			createdAt: this.createdAt,
			outputStart: this.#replay.start,
			outputEnd: this.#replay.end,
		};
	}

	/**
	 * A page begins to look, from this offset or, for null, from the oldest output. A page has one view of a session:
	 * an earlier attachment of the same page ends. Output flows from `Attachment.begin` on.
	 */
	attach(options: AttachmentOptions, from: number | null): Attachment {
		if (from !== null && from > this.#replay.end) {
			throw new BerthError("BAD_REQUEST", { detail: "from: lies beyond the output" });
		}
		for (const earlier of this.#attachments) if (earlier.pageId === options.pageId) this.detach(earlier);
		const attachment = new Attachment(options, this.#replay, from);
		this.#attachments.add(attachment);
		this.#ledger.accept(options.pageId, 0);
		this.#becameActive(attachment);
		this.#regulate();
		this.#options.onChanged(this);
		return attachment;
	}

	/** Number up to which this page's input was taken. */
	inputAccepted({ pageId }: Attachment): number {
		return this.#ledger.acceptedFrom(pageId);
	}

	detach(attachment: Attachment): void {
		if (!this.#attachments.delete(attachment)) return;
		attachment.carrier.onDetached(attachment);
		if (this.#attachments.size === 0) this.#detachedAt = Date.now();
		this.#saveMemory();
		this.#applySize();
		this.#regulate();
		this.#options.onChanged(this);
	}

	/** Ends all attachments: the session is being forgotten. */
	detachAll(): void {
		for (const attachment of this.#attachments) this.detach(attachment);
	}

	/** The page has parsed everything before `offset`. False where that was not even sent. */
	credit(attachment: Attachment, offset: number): boolean {
		if (!attachment.window.credit(offset)) return false;
		this.#regulate();
		attachment.wake();
		return true;
	}

	input(attachment: Attachment, seq: number, bytes: Buffer): InputResult {
		const { pageId } = attachment;
		const accepted = this.#ledger.acceptedFrom(pageId);
		if (!this.isAlive) return { kind: "refused", accepted, code: "SESSION_ENDED" };
		const verdict = this.#ledger.judge(pageId, seq, bytes.length);
		if (verdict.kind === "gap") return { kind: "refused", accepted, code: "INPUT_OUT_OF_ORDER" };
		const fresh = bytes.subarray(verdict.skip);
		if (!this.#pty.write(fresh)) return { kind: "refused", accepted, code: "INPUT_OVERFLOW" };
		this.#ledger.accept(pageId, fresh.length);
		this.#becameActive(attachment);
		return { kind: "accepted", accepted: accepted + fresh.length };
	}

	resize(attachment: Attachment, size: TerminalSize): void {
		attachment.size = size;
		this.#becameActive(attachment);
	}

	rename(name: string): void {
		this.#name = name;
		this.#options.onChanged(this);
	}

	/** Signals what runs in the foreground. Throws `BerthError` SESSION_ENDED. */
	signal(signal: SessionSignal): void {
		if (!this.isAlive) throw new BerthError("SESSION_ENDED");
		const { pid, startedAt } = this.shell;
		const shell = readProcess(pid);
		if (shell?.startedAt !== startedAt) return;
		if (shell.foreground > 1 && sendSignal(-shell.foreground, signal)) return;
		sendSignal(-pid, signal);
	}

	#onOutput(bytes: Buffer): void {
		this.#replay.append(bytes);
		this.#regulate();
		for (const attachment of this.#attachments) attachment.wake();
	}

	#onExit(exit: PtyExit): void {
		this.#life = { kind: "exited", at: Date.now(), exit };
		this.#saveMemory();
		this.#options.onExited(this);
		this.#options.onChanged(this);
	}

	#saveMemory(): void {
		if (!this.isAlive && this.#attachments.size === 0) this.#replay.trim(ENDED_REPLAY_BYTES);
	}

	#state(): SessionState {
		if (this.#life.kind === "exited") return { kind: "exited", at: this.#life.at, ...this.#life.exit };
		if (this.#attachments.size > 0) return { kind: "running", attached: this.#attachments.size };
		return { kind: "detached", since: this.#detachedAt };
	}

	#regulate(): void {
		const lags = [...this.#attachments].map(({ lag }) => lag);
		if (this.#gate.isOpenFor(lags)) this.#pty.resume();
		else this.#pty.pause();
	}

	#becameActive(attachment: Attachment): void {
		this.#activity += 1;
		attachment.lastActive = this.#activity;
		this.#applySize();
	}

	/** The terminal has the size of the page that was active last. With none it keeps its size. */
	#applySize(): void {
		const last = [...this.#attachments].reduce<Attachment | null>(
			(best, each) => (best === null || each.lastActive > best.lastActive ? each : best),
			null,
		);
		if (last === null || (last.size.cols === this.#size.cols && last.size.rows === this.#size.rows)) return;
		this.#size = last.size;
		this.#pty.resize(this.#size);
		this.#options.onChanged(this);
	}
}
