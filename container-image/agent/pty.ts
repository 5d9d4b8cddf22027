/** One program on a terminal of its own: bytes out, bytes in, size, end. */

import { closeSync } from "node:fs";
import type { SocketConstructorOpts } from "node:net";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { ReadStream } from "node:tty";
import { BerthError } from "../../server/protocol/errors.ts";
import type { TerminalSize } from "../../server/protocol/session.ts";
import type { Launch } from "./launch.ts";
import type { Launcher, Program, ProgramEnd } from "./launcher.ts";
import { nativePty } from "./native-pty.ts";
import { PtyInput } from "./pty-input.ts";

/** A program on a terminal of its own. */
export type TerminalProgram = {
	/** The side of the terminal that the program does not have. */
	fd: number;
	program: Program;
};

export type PtyOptions = TerminalProgram & {
	/** `bytes` are valid until this returns. */
	onOutput(bytes: Buffer): void;
	/** Once, after the last output. */
	onExit(exit: PtyExit): void;
};

export type PtyExit = { exitCode: number | null; signal: string | null };

/**
 * After the program's end its output is read until the terminal is closed. Processes that it left behind may hold it
 * open: then the end is a pause this long, or this many bytes (the kernel holds no more that were the program's).
 */
const DRAIN_QUIET_MS = 50;
const DRAIN_MAX_BYTES = 256 * 1024;

/**
 * All terminals are read into one place. By itself Node takes 64 KiB for each read, of which a terminal fills four: the
 * collector would spend more time on them than everything else on the output.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Starts a program on a new terminal, which `prepare` gets the path of before, e.g. `/dev/pts/3`. Throws `BerthError`
 * SPAWN_FAILED.
 */
export async function startOnTerminal(
	launcher: Launcher,
	launch: Omit<Launch, "tty">,
	size: TerminalSize,
	prepare: (path: string) => void,
): Promise<TerminalProgram> {
	const { master, slave, pty: tty } = await openTerminal(size);
	try {
		prepare(tty);
		return { fd: master, program: await launcher.start({ ...launch, tty }) };
	} catch (cause) {
		closeSync(master);
		throw cause instanceof BerthError ? cause : new BerthError("SPAWN_FAILED", { cause });
	} finally {
		// Until a program has this side, the other one reads as closed.
		closeSync(slave);
	}
}

/** Where somebody has taken all terminals, they are given back before long: see `terminal-watch.ts`. */
async function openTerminal({ cols, rows }: TerminalSize): Promise<ReturnType<typeof nativePty.open>> {
	for (let attempt = 1; ; attempt++) {
		try {
			return nativePty.open(cols, rows);
		} catch (cause) {
			if (attempt === OPEN_ATTEMPTS) throw new BerthError("SPAWN_FAILED", { cause });
			await sleep(OPEN_PAUSE_MS);
		}
	}
}
const OPEN_ATTEMPTS = 20;
const OPEN_PAUSE_MS = 150;

export class Pty {
	readonly pid: number;
	readonly #fd: number;
	readonly #stream: ReadStream;
	readonly #options: PtyOptions;
	#isOpen = true;
	#exit: PtyExit | null = null;
	#isReported = false;
	#drainedBytes = 0;
	#drainTimer: NodeJS.Timeout | undefined;
	readonly #input: PtyInput;

	constructor(options: PtyOptions) {
		this.#options = options;
		const { fd, program } = options;
		this.pid = program.pid;
		this.#fd = fd;
		this.#input = new PtyInput(fd);
		this.#stream = readInto(READ_BUFFER, fd, (bytes) => this.#onData(bytes));
		// EIO is how Linux says that the other side is closed; any other failure ends reading just the same.
		this.#stream.on("error", () => this.#onStreamEnd());
		this.#stream.on("close", () => this.#onStreamEnd());
		void program.ended.then((end) => this.#onProgramEnd(end));
	}

	/** Takes all of `bytes`, or none and returns false where too much is pending. */
	write(bytes: Buffer): boolean {
		return this.#input.write(bytes);
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
		this.#input.flush();
		if (this.#exit === null) return;
		this.#drainedBytes += bytes.length;
		if (this.#drainedBytes > DRAIN_MAX_BYTES) this.#close();
		else this.#drainTimer?.refresh();
	}

	#onProgramEnd({ exitCode, signal }: ProgramEnd): void {
		this.#exit = signal === 0 ? { exitCode, signal: null } : { exitCode: null, signal: signalName(signal) };
		this.#input.close();
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
		this.#input.close();
		clearTimeout(this.#drainTimer);
		this.#stream.destroy();
	}

	#report(): void {
		if (this.#isReported || this.#exit === null) return;
		this.#isReported = true;
		this.#options.onExit(this.#exit);
	}
}

function signalName(number: number): string {
	const found = Object.entries(constants.signals).find(([, value]) => value === number);
	return found?.[0] ?? `SIG${number}`;
}

/** A stream that hands on what it reads in `buffer`, instead of in new ones. */
function readInto(buffer: Buffer, fd: number, onBytes: (bytes: Buffer) => void): ReadStream {
	const callback = (length: number): boolean => {
		onBytes(buffer.subarray(0, length));
		return true;
	};
	const options: SocketConstructorOpts = { onread: { buffer, callback } };
	// Its types do not know that it hands its options on to the socket that it is.
	const Reader = ReadStream as new (fd: number, options: SocketConstructorOpts) => ReadStream;
	return new Reader(fd, options).resume();
}
