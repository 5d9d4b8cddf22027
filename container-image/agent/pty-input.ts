/**
 * Input on its way to a program. What the kernel does not take at once waits here, bounded, and is tried again with
 * growing pauses: a program that does not read its input costs neither memory nor time.
 */
import { writeSync } from "node:fs";

/** Four pages' windows; then input is refused. */
export const MAX_PENDING_INPUT_BYTES = 256 * 1024;

/** The kernel takes 4 KiB each time the program has read. */
const RETRY_FIRST_MS = 2;
const RETRY_MAX_MS = 64;

export class PtyInput {
	readonly #fd: number;
	readonly #pending: Buffer[] = [];
	#pendingBytes = 0;
	#retryTimer: NodeJS.Timeout | undefined;
	#retryMs = RETRY_FIRST_MS;
	#isOpen = true;

	/** `fd` is the terminal's descriptor, in non-blocking mode; its number is not used after `close`. */
	constructor(fd: number) {
		this.#fd = fd;
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

	/** Tries again what is pending. To be called where the program may have read. */
	flush(): void {
		for (let first = this.#pending[0]; first !== undefined; first = this.#pending[0]) {
			const written = this.#writeNow(first);
			if (!this.#isOpen) return;
			this.#pendingBytes -= written;
			if (written > 0) this.#retryMs = RETRY_FIRST_MS;
			if (written < first.length) {
				this.#pending[0] = first.subarray(written);
				this.#retryLater();
				return;
			}
			this.#pending.shift();
		}
	}

	/** Drops what is pending: the program has ended, or has closed its side. */
	close(): void {
		this.#isOpen = false;
		clearTimeout(this.#retryTimer);
		this.#pending.length = 0;
		this.#pendingBytes = 0;
	}

	/** Bytes that the kernel took. Closes where it will never take any. */
	#writeNow(bytes: Buffer): number {
		try {
			return writeSync(this.#fd, bytes);
		} catch (thrown) {
			if (!isAgain(thrown)) this.close();
			return 0;
		}
	}

	#retryLater(): void {
		if (this.#retryTimer !== undefined) return;
		this.#retryTimer = setTimeout(() => {
			this.#retryTimer = undefined;
			this.flush();
		}, this.#retryMs);
		this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
	}
}

function isAgain(thrown: unknown): boolean {
	return thrown instanceof Error && "code" in thrown && thrown.code === "EAGAIN";
}
