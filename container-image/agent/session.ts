/** One program on one terminal, its output kept for replay, and the pages that look at it. */
import type { AccountLimits } from "../../server/protocol/account-limits.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import type { SessionId, Username } from "../../server/protocol/ids.ts";
import { OUTPUT_WINDOW_BYTES, STALLED_MS } from "../../server/protocol/limits.ts";
import type { Account } from "../../server/protocol/link.ts";
import type {
	ExpiryReason,
	SessionInfo,
	SessionSignal,
	SessionState,
	TerminalSize,
} from "../../server/protocol/session.ts";
import { Attachment, type AttachmentOptions, type LossReason } from "./attachment.ts";
import { InputLedger } from "./input-ledger.ts";
import { type Expiry, Lifetime } from "./lifetime.ts";
import { FlowGate } from "./output-window.ts";
import { readProcess, type ShellProcess, sendSignal } from "./processes.ts";
import { Pty, type PtyExit, type TerminalProgram } from "./pty.ts";
import { Replay } from "./replay.ts";
import type { SnapshotMaker } from "./screen/snapshot-job.ts";

export type SessionOptions = {
	sessionId: SessionId;
	account: Account;
	/** Home of the account. */
	home: string;
	/** Owner of the session's processes; null where accounts are not kept apart. */
	owner: number | null;
	name: string;
	limits: AccountLimits;
	/** Whether its programs may write files. */
	mayWrite: boolean;
	replayBytes: number;
	snapshots: SnapshotMaker;
	/** The program, begun already. */
	program: TerminalProgram;
	/** Of its terminal. */
	size: TerminalSize;
	/** State, name or size are other ones now. */
	onChanged(session: Session): void;
	/** The size is another one for all output from here on. To be told before that output. */
	onResized(session: Session): void;
	/** The program has ended, and all of its output has been read. */
	onExited(session: Session): void;
};

export type InputResult =
	| { kind: "accepted"; accepted: number }
	| { kind: "refused"; accepted: number; code: "INPUT_OUT_OF_ORDER" | "INPUT_OVERFLOW" | "SESSION_ENDED" };

/** Start of a shell that had ended before it could be looked at: no process has it. */
const GONE = -1;

type Life = { kind: "alive" } | { kind: "exited"; at: number; exit: PtyExit };

export class Session {
	readonly sessionId: SessionId;
	readonly account: Account;
	readonly home: string;
	readonly createdAt = Date.now();
	/** They may change while it runs. */
	limits: AccountLimits;
	/** The program, for ending it. */
	readonly shell: ShellProcess;
	readonly #options: SessionOptions;
	readonly #replay: Replay;
	readonly #pty: Pty;
	readonly #gate: FlowGate;
	readonly #ledger = new InputLedger();
	readonly #attachments = new Set<Attachment>();
	readonly #lifetime = new Lifetime();
	#name: string;
	#life: Life = { kind: "alive" };
	#detachedAt = Date.now();
	#expiry: Expiry | null = null;
	#expired: ExpiryReason | null = null;
	#activity = 0;

	constructor(options: SessionOptions) {
		this.#options = options;
		this.sessionId = options.sessionId;
		this.account = options.account;
		this.home = options.home;
		this.limits = options.limits;
		this.#name = options.name;
		this.#replay = new Replay({
			capacity: options.replayBytes,
			size: options.size,
			maker: options.snapshots,
			onRelieved: () => this.#regulate(),
		});
		this.#gate = new FlowGate({ window: OUTPUT_WINDOW_BYTES, ring: options.replayBytes });
		this.#pty = new Pty({
			...options.program,
			onOutput: (bytes) => this.#onOutput(bytes),
			onExit: (exit) => this.#onExit(exit),
		});
		const { pid } = this.#pty;
		this.shell = { pid, startedAt: readProcess(pid)?.startedAt ?? GONE, owner: options.owner };
	}

	get username(): Username {
		return this.account.username;
	}

	get mayWrite(): boolean {
		return this.#options.mayWrite;
	}

	get isAlive(): boolean {
		return this.#life.kind === "alive";
	}

	/** When the program ended, Unix time in ms; null while it runs. */
	get exitedAt(): number | null {
		return this.#life.kind === "exited" ? this.#life.at : null;
	}

	info(): SessionInfo {
		const { offset, cols, rows } = this.#replay.size;
		return {
			sessionId: this.sessionId,
			name: this.#name,
			state: this.#state(),
			size: { cols, rows },
			sizedAt: offset,
			expiry: this.#expiry,
			createdAt: this.createdAt,
			outputStart: this.#replay.start,
			outputEnd: this.#replay.end,
		};
	}

	/**
	 * A page begins to look, from this offset or, for null and where that is gone, with a snapshot. A page has one view
	 * of a session: an earlier attachment of the same page ends. Output flows from `Attachment.begin` on.
	 */
	attach(options: AttachmentOptions, from: number | null): Attachment {
		if (from !== null && from > this.#replay.end) {
			throw new BerthError("BAD_REQUEST", { detail: "from: lies beyond the output" });
		}
		for (const earlier of this.#attachments) if (earlier.pageId === options.pageId) this.#replace(earlier, options);
		this.#resize(options.size);
		const attachment = new Attachment(options, this.#replay, from);
		this.#attachments.add(attachment);
		this.#becameActive(attachment);
		this.#lifetime.attached();
		this.#ledger.accept(options.pageId, 0);
		this.#regulate();
		this.#options.onChanged(this);
		return attachment;
	}

	/** Number up to which this page's input was taken. */
	inputAccepted({ pageId }: Attachment): number {
		return this.#ledger.acceptedFrom(pageId);
	}

	/** `reason` where the session could not keep the attachment. */
	detach(attachment: Attachment, reason: LossReason | null = null): void {
		if (!this.#attachments.delete(attachment)) return;
		attachment.carrier.onDetached(attachment, reason);
		if (this.#attachments.size === 0) {
			this.#detachedAt = Date.now();
			this.#lifetime.detached();
		}
		this.#saveMemory();
		this.#applySize();
		this.#regulate();
		this.#options.onChanged(this);
	}

	/** Of attachments over one link the gateway knows by itself which one counts. */
	#replace(earlier: Attachment, { carrier }: AttachmentOptions): void {
		this.detach(earlier, earlier.carrier === carrier ? null : "replaced");
	}

	/** The session is being forgotten: ends all attachments. */
	close(): void {
		for (const attachment of this.#attachments) this.detach(attachment);
		this.#replay.close();
	}

	/** To be called every second or so. True where the session has expired just now: its processes are to be ended. */
	review(): boolean {
		const now = performance.now();
		for (const attachment of this.#attachments) {
			if (attachment.stalledFor(now) > STALLED_MS) this.detach(attachment, "stalled");
		}
		if (!this.isAlive || this.#expired !== null) return false;
		const expiry = this.#lifetime.expiry(this.limits, this.#expiry);
		if (expiry !== this.#expiry) this.#options.onChanged(this);
		this.#expiry = expiry;
		if (expiry === null || expiry.at > Date.now()) return false;
		this.#expired = expiry.reason;
		return true;
	}

	/** The page has parsed everything before `offset`. False where that was not even sent. */
	credit(attachment: Attachment, offset: number): boolean {
		if (!attachment.credit(offset)) return false;
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
		this.#lifetime.used();
		this.#becameActive(attachment);
		return { kind: "accepted", accepted: accepted + fresh.length };
	}

	resize(attachment: Attachment, size: TerminalSize): void {
		attachment.size = size;
		this.#becameActive(attachment);
	}

	/** Shows a line between what its programs print, as long as it runs. */
	notify(text: string): void {
		if (this.isAlive) this.#onOutput(Buffer.from(`\r\n\x1b[1;33mberth: ${text}\x1b[0m\r\n`));
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
		this.#lifetime.used();
		this.#regulate();
		for (const attachment of this.#attachments) {
			if (attachment.isOverrun) this.detach(attachment, "overrun");
			else attachment.wake();
		}
	}

	#onExit(exit: PtyExit): void {
		this.#life = { kind: "exited", at: Date.now(), exit };
		this.#expiry = null;
		this.#saveMemory();
		this.#options.onExited(this);
		this.#options.onChanged(this);
	}

	#saveMemory(): void {
		if (!this.isAlive && this.#attachments.size === 0) void this.#replay.compact();
	}

	#state(): SessionState {
		if (this.#life.kind === "exited")
			return { kind: "exited", at: this.#life.at, ...this.#life.exit, expired: this.#expired };
		if (this.#attachments.size > 0) return { kind: "running", attached: this.#attachments.size };
		return { kind: "detached", since: this.#detachedAt };
	}

	#regulate(): void {
		const lags = [...this.#attachments].map(({ lag }) => lag);
		if (this.#gate.isOpenFor(lags) && !this.#replay.isFull) this.#pty.resume();
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
		if (last !== null) this.#resize(last.size);
	}

	#resize({ cols, rows }: TerminalSize): void {
		const { size } = this.#replay;
		if (!this.isAlive || (cols === size.cols && rows === size.rows)) return;
		this.#replay.resized({ cols, rows });
		this.#pty.resize({ cols, rows });
		this.#options.onResized(this);
	}
}
