/** How far a run has come. Who waits for it learns of a standstill, not of a limit for the whole. */

/** Longer than a gateway takes to start on a busy machine, with all that it tries again. */
const STANDSTILL_MS = 45_000;

export class Progress {
	#value = 0;
	#waiting = new Set<() => void>();
	#failure: Error | null = null;

	get value(): number {
		return this.#value;
	}

	advanceTo(value: number): void {
		this.#value = value;
		for (const look of this.#waiting) look();
	}

	/** What `step` throws ends all waiting, now and later. */
	attempt(step: () => void): void {
		try {
			step();
		} catch (thrown) {
			this.#failure ??= thrown instanceof Error ? thrown : new Error(String(thrown));
			for (const look of this.#waiting) look();
		}
	}

	/** Resolves once the value is at least this. Throws where nothing moves for too long; `describe` says what is known. */
	async reach(value: number, describe: () => string): Promise<void> {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const onStandstill = (): void =>
			reject(new Error(`stood still at ${this.#value} on the way to ${value}: ${describe()}`));
		const timer = setTimeout(onStandstill, STANDSTILL_MS);
		const look = (): void => {
			timer.refresh();
			if (this.#failure !== null) reject(this.#failure);
			else if (this.#value >= value) resolve();
		};
		this.#waiting.add(look);
		look();
		await promise.finally(() => {
			this.#waiting.delete(look);
			clearTimeout(timer);
		});
	}
}
