/**
 * The pool: brings its containers up, keeps a link to each, replaces those that are lost. It knows nothing of users.
 * One supervisor per slot runs for as long as the pool does; driver events only wake them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { BerthError } from "../../protocol/errors.ts";
import { Ordinal } from "../../protocol/ids.ts";
import type { GatewayHello, UserEvent } from "../../protocol/link.ts";
import type { ContainerDriver, DriverEvent, PoolContainer } from "../container-driver.ts";
import { Link } from "../link/link.ts";
import type { Log } from "../log.ts";
import { type BackOff, backOffMs } from "./back-off.ts";
import type { Slot, SlotState } from "./slot.ts";

export type PoolOptions = {
	driver: ContainerDriver;
	/** Containers wanted. */
	size: number;
	hello: Omit<GatewayHello, "protocol" | "role">;
	/** Session news of all users. */
	onUserEvent(event: UserEvent, container: PoolContainer): void;
	/** Called with each new link before its container takes users; a failure counts as one of the container. */
	prepare(link: Link): Promise<void>;
	log: Log;
};

export type EngineState = { kind: "unknown" } | { kind: "up" } | { kind: "down"; reason: string };

/** Starting one keeps the engine busy for most of a second; more at once only wait for each other. */
const CONCURRENT_STARTS = 6;
/** A container that lasted this long and then died is replaced at once; one that died sooner waits. */
const STABLE_AFTER_MS = 30_000;
/**
 * A container whose agent does not speak is made anew instead of tried again after so many failures in a row, and not
 * before the time is over: with it end its sessions, which a way to it that is only interrupted does not.
 */
const REPLACE_AFTER_FAILURES = 2;
const REPLACE_AFTER_MS = 20_000;
const STOPPED = Symbol("the pool stops");
const RESTART_BACK_OFF: BackOff = { firstMs: 500, longestMs: 30_000 };

export class Pool implements AsyncDisposable {
	readonly #options: PoolOptions;
	readonly #slots: ReadonlyMap<Ordinal, Slot>;
	readonly #listeners = new Set<() => void>();
	readonly #stopping = new AbortController();
	readonly #stopped: Promise<typeof STOPPED>;
	readonly #stop: (word: typeof STOPPED) => void;
	readonly #limit = pLimit(CONCURRENT_STARTS);
	/** Aborted, and replaced, each time the engine comes back: ends the pauses of those who wait for it. */
	#engineReturn = new AbortController();
	#engine: EngineState = { kind: "unknown" };
	#running: Promise<unknown> = Promise.resolve();
	#areSupervisorsRunning = false;

	constructor(options: PoolOptions) {
		this.#options = options;
		({ promise: this.#stopped, resolve: this.#stop } = Promise.withResolvers<typeof STOPPED>());
		const ordinals = Array.from({ length: options.size }, (_, index) => Ordinal.parse(index + 1));
		this.#slots = new Map(ordinals.map((ordinal) => [ordinal, { ordinal, state: { kind: "starting" } }]));
	}

	/** Begins to bring containers up; does not wait for any. */
	start(): void {
		this.#running = this.#options.driver.watch((event) => this.#onDriverEvent(event), this.#stopping.signal);
	}

	/** Ends the links; containers and sessions go on. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#stopping.abort();
		this.#stop(STOPPED);
		await this.#running;
	}

	get engine(): EngineState {
		return this.#engine;
	}

	/** Null where the pool has no such position (any more). */
	stateOf(ordinal: Ordinal): SlotState | null {
		return this.#slots.get(ordinal)?.state ?? null;
	}

	get states(): SlotState[] {
		return [...this.#slots.values()].map(({ state }) => state);
	}

	get readyOrdinals(): Ordinal[] {
		return [...this.#slots.values()].filter(({ state }) => state.kind === "ready").map(({ ordinal }) => ordinal);
	}

	/** Calls `listener` after each change of a slot or the engine, until disposed. */
	onChange(listener: () => void): Disposable {
		this.#listeners.add(listener);
		return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
	}

	#onDriverEvent(event: DriverEvent): void {
		switch (event.kind) {
			case "container-stopped": {
				const state = this.stateOf(event.ordinal);
				if (state?.kind !== "ready" || state.container.instanceId !== event.instanceId) return;
				this.#options.log.warn({ container: state.container.name, reason: event.reason }, "container stopped");
				state.link.lose(new BerthError("CONTAINER_RESTARTING", { detail: event.reason }));
				return;
			}
			case "engine-down":
				this.#options.log.error({ reason: event.reason }, "container engine does not answer");
				this.#engine = { kind: "down", reason: event.reason };
				this.#announce();
				return;
			case "engine-up":
				this.#options.log.info({}, "container engine answers");
				this.#engine = { kind: "up" };
				this.#engineReturn.abort();
				this.#engineReturn = new AbortController();
				this.#announce();
				void this.#takeStock();
		}
	}

	/** Looks at what stands at the engine: removes what is not wanted, notices what was lost unseen. */
	async #takeStock(): Promise<void> {
		try {
			const found = await this.#options.driver.inspect();
			if (!this.#areSupervisorsRunning) {
				const leftOver = found.filter(({ ordinal }) => ordinal === null || !this.#slots.has(ordinal));
				for (const { name, instanceId } of leftOver) {
					this.#options.log.info({ container: name }, "removing a container that is left over");
					await this.#options.driver.remove(instanceId);
				}
				this.#supervise();
			}
			const running = new Set(found.filter(({ isRunning }) => isRunning).map(({ instanceId }) => instanceId));
			for (const { state } of this.#slots.values()) {
				if (state.kind !== "ready" || running.has(state.container.instanceId)) continue;
				state.link.lose(new BerthError("CONTAINER_RESTARTING", { detail: "stopped while nobody watched" }));
			}
		} catch (err) {
			// The engine went away again; `engine-up` will call this once more.
			this.#options.log.warn({ err }, "could not take stock of the pool");
		}
	}

	#supervise(): void {
		if (this.#areSupervisorsRunning || this.#stopping.signal.aborted) return;
		this.#areSupervisorsRunning = true;
		const supervisors = [...this.#slots.values()].map((slot) => this.#superviseSlot(slot));
		this.#running = Promise.all([this.#running, ...supervisors]);
	}

	/** Brings the slot's container up, waits until it is lost, and again. */
	async #superviseSlot(slot: Slot): Promise<void> {
		let failures = 0;
		let failingSince = performance.now();
		while (!this.#stopping.signal.aborted) {
			const startedAt = performance.now();
			try {
				const mayReplace = failures >= REPLACE_AFTER_FAILURES && startedAt - failingSince >= REPLACE_AFTER_MS;
				const { container, link, lost } = await this.#limit(() => this.#bringUp(slot.ordinal, mayReplace));
				this.#options.log.info(
					{ container: container.name, ms: Math.round(performance.now() - startedAt) },
					"container is ready",
				);
				this.#setState(slot, { kind: "ready", container, link });
				const readyAt = performance.now();
				const reason = await Promise.race([lost, this.#stopped]);
				if (reason === STOPPED) {
					link.close();
					return;
				}
				this.#setState(slot, { kind: "restarting" });
				this.#options.log.warn({ container: container.name, err: reason }, "container is lost, replacing it");
				failures = performance.now() - readyAt > STABLE_AFTER_MS ? 0 : failures + 1;
				failingSince = performance.now();
			} catch (thrown) {
				failures += 1;
				const error = thrown instanceof BerthError ? thrown : new BerthError("INTERNAL", { cause: thrown });
				this.#options.log.error({ ordinal: slot.ordinal, err: error, failures }, "container did not come up");
				this.#setState(slot, { kind: "failed", error, failures });
			}
			if (failures > 0) await this.#pause(backOffMs(RESTART_BACK_OFF, failures));
		}
	}

	async #bringUp(
		ordinal: Ordinal,
		mayReplace: boolean,
	): Promise<{ container: PoolContainer; link: Link; lost: Promise<BerthError> }> {
		this.#stopping.signal.throwIfAborted();
		const { driver, hello, log, onUserEvent, prepare } = this.#options;
		const container = await driver.ensure(ordinal);
		const { promise: lost, resolve: onLost } = Promise.withResolvers<BerthError>();
		const opening = Link.open({
			connect: () => driver.connect(container),
			hello,
			onEvent: (event) => onUserEvent(event, container),
			onLost,
			log: log.child({ container: container.name }),
		});
		// An agent that takes connections but does not speak looks fine to the driver, again and again.
		if (mayReplace) opening.catch(() => driver.remove(container.instanceId).catch(() => {}));
		const link = await opening;
		try {
			if (driver.isolation === "containers" && !link.agent.isHardened) throw new BerthError("NOT_HARDENED");
			await prepare(link);
		} catch (error) {
			link.close();
			throw error;
		}
		return { container, link, lost };
	}

	/** Sleeps, until the engine comes back or the pool stops at the latest. */
	async #pause(ms: number): Promise<void> {
		const signal = AbortSignal.any([this.#stopping.signal, this.#engineReturn.signal]);
		await sleep(ms, undefined, { signal }).catch(() => {});
	}

	#setState(slot: Slot, state: SlotState): void {
		slot.state = state;
		this.#announce();
	}

	#announce(): void {
		for (const listener of this.#listeners) listener();
	}
}
