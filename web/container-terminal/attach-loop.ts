/** Keeps a session attached: tries until it is, and again where the gateway let go of it. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { DetachReason } from "../../server/protocol/terminal.ts";
import { untilVisible } from "../shared/dom.ts";
import { RequestFailure } from "./gateway-connection.ts";
import { ReattachPause } from "./reattach-pause.ts";
import { Superseded } from "./session-channel.ts";
import { OUT_OF_REACH } from "./session-words.ts";

export type AttachLoopOptions = {
	/** False where it is attached, or there is nothing that could be. */
	isNeeded(): boolean;
	/** Throws `RequestFailure` or `Superseded`. */
	attach(): Promise<void>;
	/** There is no attachment, or none any more. */
	onUnattached(): void;
	/** Trying again by itself would not help. */
	onRefused(error: WireError): void;
};

/** A request that nobody answered is made again after so long. */
const RETRY_PAUSE_MS = 2_000;

export class AttachLoop {
	readonly #options: AttachLoopOptions;
	readonly #pause = new ReattachPause();
	#isBusy = false;
	#isWanted = false;
	#retry: number | undefined;

	constructor(options: AttachLoopOptions) {
		this.#options = options;
	}

	/** Whether an answer is awaited. */
	get isBusy(): boolean {
		return this.#isBusy;
	}

	/** Resolves after one try; others follow by themselves. Safe to call again. */
	async start(): Promise<void> {
		this.#isWanted = true;
		if (this.#isBusy || !this.#options.isNeeded()) return;
		this.#isBusy = true;
		clearTimeout(this.#retry);
		const failure = await this.#options.attach().then(
			() => null,
			(thrown: unknown) => ({ thrown }),
		);
		this.#isBusy = false;
		if (failure === null) this.#pause.attached(performance.now());
		else this.#onFailure(failure.thrown);
	}

	/** There is nothing to attach to, or no way to it. */
	stop(): void {
		this.#isWanted = false;
		clearTimeout(this.#retry);
		this.#options.onUnattached();
	}

	/** The attachment has ended, and the next one follows. */
	async again(reason: DetachReason | "fault"): Promise<void> {
		const pauseMs = this.#pause.detached(performance.now());
		clearTimeout(this.#retry);
		this.#options.onUnattached();
		// A page that gets no time from its browser would only be let go of again.
		if (reason === "stalled") await untilVisible();
		this.#startIn(pauseMs);
	}

	#onFailure(thrown: unknown): void {
		this.#options.onUnattached();
		if (thrown instanceof Superseded) this.#startIn(0);
		else if (!(thrown instanceof RequestFailure)) throw thrown;
		else if (OUT_OF_REACH.has(thrown.error.code)) this.#startIn(RETRY_PAUSE_MS);
		else this.#options.onRefused(thrown.error);
	}

	#startIn(pauseMs: number): void {
		clearTimeout(this.#retry);
		if (this.#isWanted) this.#retry = window.setTimeout(() => void this.start(), pauseMs);
	}
}
