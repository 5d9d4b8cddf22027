/** One program on a terminal of its own: bytes out, bytes in, size, end. */
import { writeSync } from "node:fs";
import { constants } from "node:os";
import { ReadStream } from "node:tty";
import { BerthError } from "../../server/protocol/errors.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import type { Command } from "./launch.ts";
import { nativePty } from "./native-pty.ts";

export type PtyOptions = {
	command: Command;
	env: Record<string, string>;
	cwd: string;
	size: TerminalSize;
	onOutput(bytes: Buffer): void;
	/** Once, after the last output. */
	onExit(exit: PtyExit): void;
};

export type PtyExit = { exitCode: number | null; signal: string | null };

/** Input taken for a program that does not read. Four pages' windows; then input is refused. */
export const MAX_PENDING_INPUT_BYTES = 256 * 1024;

/** Pauses between attempts to hand pending input on. The kernel takes 4 KiB each time the program has read. */
const INPUT_RETRY_FIRST_MS = 2;
const INPUT_RETRY_MAX_MS = 64;

/**
 * After the program's end its output is read until the terminal is closed. Processes that it left behind may hold it
 * open: then the end is a pause this long, or this many bytes (the kernel holds no more that were the program's).
 */
const DRAIN_QUIET_MS = 50;
const DRAIN_MAX_BYTES = 256 * 1024;

/** node-pty's word for "leave the ids alone": `launch.ts` sets them. */
const SAME_ID = -1;

export class Pty {
	readonly pid: number;
	/** Path of the side that the program has, e.g. `/dev/pts/3`. */
	readonly path: string;
	readonly #fd: number;
	readonly #stream: ReadStream;
	readonly #options: PtyOptions;
	#isOpen = true;
	#exit: PtyExit | null = null;
	#isReported = false;
	#drainedBytes = 0;
	#drainTimer: NodeJS.Timeout | undefined;
	readonly #pending: Buffer[] = [];
	#pendingBytes = 0;
	#retryTimer: NodeJS.Timeout | undefined;
	#retryMs = INPUT_RETRY_FIRST_MS;

	/** Throws `BerthError` SPAWN_FAILED. */
	constructor(options: PtyOptions) {
		this.#options = options;
		const { fd, pid, pty } = fork(options, (code, signal) => this.#onProgramEnd(code, signal));
		this.pid = pid;
		this.path = pty;
		this.#fd = fd;
		this.#stream = new ReadStream(fd);
		this.#stream.on("data", (bytes: Buffer) => this.#onData(bytes));
		// EIO is how Linux says that the other side is closed; any other failure ends reading just the same.
		this.#stream.on("error", () => this.#onStreamEnd());
		this.#stream.on("close", () => this.#onStreamEnd());
	}

	/** Takes all of `bytes`, or none and returns false where too much is pending. */
	write(bytes: Buffer): boolean {
		if (!this.#isOpen) return true;
		if (this.#pendingBytes + bytes.length > MAX_PENDING_INPUT_BYTES) return false;
		const written = this.#pendingBytes === 0 ? this.#writeNow(bytes) : 0;
		if (written === bytes.length || !this.#isOpen) return true;
		// A copy: `bytes` is a view into all that came from the gateway at once.
		this.#pending.push(Buffer.from(bytes.subarray(written)));
		this.#pendingBytes += bytes.length - written;
		this.#retryLater();
		return true;
	}

	resize({ cols, rows }: TerminalSize): void {
		if (this.#isOpen) nativePty.resize(this.#fd, cols, rows);
	}

	/** Stops reading: the program waits once the kernel's buffer is full. */
	pause(): void {
		if (this.#exit === null) this.#stream.pause();
	}

	resume(): void {
		this.#stream.resume();
	}

	#onData(bytes: Buffer): void {
		this.#options.onOutput(bytes);
		// Whoever prints may have read.
		if (this.#pendingBytes > 0) this.#flushPending();
		if (this.#exit === null) return;
		this.#drainedBytes += bytes.length;
		if (this.#drainedBytes > DRAIN_MAX_BYTES) this.#close();
		else this.#drainTimer?.refresh();
	}

	#onProgramEnd(code: number, signal: number): void {
		this.#exit = signal === 0 ? { exitCode: code, signal: null } : { exitCode: null, signal: signalName(signal) };
		this.#dropPending();
		if (!this.#isOpen) {
			this.#report();
			return;
		}
		this.#drainTimer = setTimeout(() => this.#onQuiet(), DRAIN_QUIET_MS);
		this.#stream.resume();
	}

	/** The quiet may have been ours: output that waits is read before the next check phase. */
	#onQuiet(): void {
		const drained = this.#drainedBytes;
		setImmediate(() => {
			if (this.#drainedBytes === drained) this.#close();
			else this.#drainTimer?.refresh();
		});
	}

	#onStreamEnd(): void {
		this.#close();
		if (this.#exit !== null) this.#report();
	}

	/** From here on the descriptor's number may be anybody's. */
	#close(): void {
		this.#isOpen = false;
		this.#dropPending();
		clearTimeout(this.#drainTimer);
		this.#stream.destroy();
	}

	#report(): void {
		if (this.#isReported || this.#exit === null) return;
		this.#isReported = true;
		this.#options.onExit(this.#exit);
	}

	#flushPending(): void {
		while (this.#isOpen) {
			const [first] = this.#pending;
			if (first === undefined) return;
			const written = this.#writeNow(first);
			if (this.#pending.length === 0) return;
			this.#pendingBytes -= written;
			if (written > 0) this.#retryMs = INPUT_RETRY_FIRST_MS;
			if (written < first.length) {
				this.#pending[0] = first.subarray(written);
				this.#retryLater();
				return;
			}
			this.#pending.shift();
		}
	}

	/** Bytes that the kernel took. */
	#writeNow(bytes: Buffer): number {
		try {
			return writeSync(this.#fd, bytes);
		} catch (thrown) {
			// EIO: the program has closed its side. What it did not read is nobody's any more.
			if (!isAgain(thrown)) this.#dropPending();
			return isAgain(thrown) ? 0 : bytes.length;
		}
	}

	#retryLater(): void {
		if (this.#retryTimer !== undefined) return;
		this.#retryTimer = setTimeout(() => {
			this.#retryTimer = undefined;
			this.#flushPending();
		}, this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, INPUT_RETRY_MAX_MS);
	}

	#dropPending(): void {
		clearTimeout(this.#retryTimer);
		this.#retryTimer = undefined;
		this.#pending.length = 0;
		this.#pendingBytes = 0;
	}
}

function fork({ command, env, cwd, size }: PtyOptions, onEnd: (code: number, signal: number) => void) {
	const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
	const { file, args } = command;
	try {
		return nativePty.fork(file, args, variables, cwd, size.cols, size.rows, SAME_ID, SAME_ID, true, "", onEnd);
	} catch (cause) {
		throw new BerthError("SPAWN_FAILED", { cause });
	}
}

function signalName(number: number): string {
	const found = Object.entries(constants.signals).find(([, value]) => value === number);
	return found?.[0] ?? `SIG${number}`;
}

function isAgain(thrown: unknown): boolean {
	return thrown instanceof Error && "code" in thrown && thrown.code === "EAGAIN";
}
