/** Removes lines of the audit log once they are as old as they may get. */
import { setImmediate as otherWork } from "node:timers/promises";
import type { AuditTrail } from "./audit.ts";
import type { Log } from "./log.ts";

export type AuditRetentionOptions = {
	audit: Pick<AuditTrail, "prune">;
	/** Lines are kept for so long, ms. */
	keepMs: number;
	log: Log;
};

/** How often old lines are looked for: a fraction of their time, within these bounds. Each time is a line of its own. */
const SWEEP_BOUNDS_MS = { least: 1_000, most: 24 * 60 * 60 * 1000 };
const SWEEPS_PER_TIME = 20;

export class AuditRetention implements Disposable {
	readonly #options: AuditRetentionOptions;
	readonly #timer: NodeJS.Timeout;
	#isSweeping = false;
	#isDisposed = false;

	constructor(options: AuditRetentionOptions) {
		this.#options = options;
		const period = options.keepMs / SWEEPS_PER_TIME;
		const bounded = Math.min(SWEEP_BOUNDS_MS.most, Math.max(SWEEP_BOUNDS_MS.least, period));
		this.#timer = setInterval(() => void this.#sweep(), bounded).unref();
		void this.#sweep();
	}

	[Symbol.dispose](): void {
		this.#isDisposed = true;
		clearInterval(this.#timer);
	}

	async #sweep(): Promise<void> {
		if (this.#isSweeping) return;
		this.#isSweeping = true;
		try {
			const before = Date.now() - this.#options.keepMs;
			do await otherWork();
			while (!this.#isDisposed && this.#options.audit.prune(before) > 0);
		} catch (err) {
			this.#options.log.error({ err }, "the audit log could not be pruned");
		} finally {
			this.#isSweeping = false;
		}
	}
}
