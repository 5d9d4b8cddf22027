/** Watches a driver for a test: keeps its events and waits for those to come. */
import assert from "node:assert/strict";
import type { ContainerDriver, DriverEvent } from "../../server/core/container-driver.ts";

const PATIENCE_MS = 20_000;

export class DriverEvents implements AsyncDisposable {
	readonly seen: DriverEvent[] = [];
	readonly #stopping = new AbortController();
	readonly #watching: Promise<void>;
	#onEvent: () => void = () => {};

	constructor(driver: ContainerDriver) {
		this.#watching = driver.watch((event) => {
			this.seen.push(event);
			this.#onEvent();
		}, this.#stopping.signal);
	}

	kinds(): DriverEvent["kind"][] {
		return this.seen.map(({ kind }) => kind);
	}

	/** Waits until `count` events of a kind were seen in all, and returns the last of them. */
	async until<Kind extends DriverEvent["kind"]>(
		kind: Kind,
		count = 1,
		patienceMs = PATIENCE_MS,
	): Promise<Extract<DriverEvent, { kind: Kind }>> {
		const { promise, resolve, reject } = Promise.withResolvers<Extract<DriverEvent, { kind: Kind }>>();
		this.#onEvent = () => {
			const matching = this.seen.filter((event) => event.kind === kind);
			const last = matching[count - 1] as Extract<DriverEvent, { kind: Kind }> | undefined;
			if (last !== undefined) resolve(last);
		};
		this.#onEvent();
		const timer = setTimeout(() => reject(new assert.AssertionError({ message: this.#missed(kind) })), patienceMs);
		return await promise.finally(() => clearTimeout(timer));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#stopping.abort();
		await this.#watching;
	}

	#missed(kind: string): string {
		return `no ${kind} in time; seen: ${JSON.stringify(this.seen)}`;
	}
}
