/**
 * What the user typed and the agent has not acknowledged yet. Each byte has a number; after a broken connection the
 * agent says how far it has come, and the rest is sent again: nothing is lost and nothing arrives twice.
 */
import { INPUT_WINDOW_BYTES, MAX_INPUT_BYTES } from "../../server/protocol/limits.ts";

/** Typed or pasted, and not taken yet. Beyond it a paste is refused as a whole. */
export const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

export class InputQueue {
	readonly #send: (seq: number, bytes: Uint8Array) => void;
	/** Number of the first byte in `#chunks`: all before it are acknowledged. */
	#acknowledged = 0;
	/** Bytes from there on that have been sent. */
	#inFlight = 0;
	#queued = 0;
	#chunks: Uint8Array[] = [];
	#isPaused = true;

	/** `send` is called with at most `MAX_INPUT_BYTES`, never with more than `INPUT_WINDOW_BYTES` unacknowledged. */
	constructor(send: (seq: number, bytes: Uint8Array) => void) {
		this.#send = send;
	}

	/** Typed, and not acknowledged by the agent. */
	get pendingBytes(): number {
		return this.#queued;
	}

	/** False where it does not fit; then nothing of it was taken. */
	push(bytes: Uint8Array): boolean {
		if (this.#queued + bytes.length > MAX_QUEUED_BYTES) return false;
		for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
			this.#chunks.push(bytes.subarray(at, at + MAX_INPUT_BYTES));
		}
		this.#queued += bytes.length;
		this.#pump();
		return true;
	}

	/** The agent has everything before `seq`. Old news are ignored. */
	acknowledge(seq: number): void {
		if (seq <= this.#acknowledged || seq > this.#acknowledged + this.#queued) return;
		this.#drop(seq - this.#acknowledged);
		this.#pump();
	}

	/** Attached (again): the agent has everything before `seq`, and what follows is to be sent again. */
	restartFrom(seq: number): void {
		if (seq > this.#acknowledged) this.#drop(Math.min(seq - this.#acknowledged, this.#queued));
		// Less than was acknowledged: the agent does not know this page any more, and counts anew.
		this.#acknowledged = seq;
		this.resume();
	}

	/** What is not acknowledged is sent again, and what was typed meanwhile behind it. */
	resume(): void {
		this.#inFlight = 0;
		this.#isPaused = false;
		this.#pump();
	}

	/**
	 * Not attached, or refused: what is typed waits. A refusal says where the agent is, but is no news once a later
	 * acknowledgement has come, so that it goes through `acknowledge`, not `restartFrom`.
	 */
	pause(): void {
		this.#isPaused = true;
		this.#inFlight = 0;
	}

	/** The session is gone: nobody will ever read it. */
	clear(): void {
		this.pause();
		this.#chunks = [];
		this.#queued = 0;
		this.#acknowledged = 0;
	}

	#drop(bytes: number): void {
		this.#acknowledged += bytes;
		this.#queued -= bytes;
		this.#inFlight = Math.max(0, this.#inFlight - bytes);
		let rest = bytes;
		while (rest > 0) {
			const [first] = this.#chunks;
			if (first === undefined) return;
			if (first.length > rest) {
				this.#chunks[0] = first.subarray(rest);
				return;
			}
			rest -= first.length;
			this.#chunks.shift();
		}
	}

	#pump(): void {
		if (this.#isPaused) return;
		let at = 0;
		for (const chunk of this.#chunks) {
			const unsent = chunk.subarray(Math.max(0, this.#inFlight - at));
			at += chunk.length;
			if (unsent.length === 0) continue;
			if (this.#inFlight + unsent.length > INPUT_WINDOW_BYTES) return;
			this.#send(this.#acknowledged + this.#inFlight, unsent);
			this.#inFlight += unsent.length;
		}
	}
}
