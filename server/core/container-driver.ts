/** The port through which the gateway has containers. Nothing above it may know which driver runs. */
import type { Duplex } from "node:stream";
import type { Ordinal } from "../protocol/ids.ts";

/** A container that runs, is hardened as far as its driver can, and has an agent to connect to. */
export type PoolContainer = {
	ordinal: Ordinal;
	/** For people, e.g. `berth-main-3`. */
	name: string;
	/** Identifies this very instance at the engine: another value is another container. */
	instanceId: string;
};

/** What stands at the engine, whether it is wanted or not. */
export type FoundContainer = {
	name: string;
	instanceId: string;
	/** Null for a container of this pool that has no ordinal: a helper that was left behind. */
	ordinal: Ordinal | null;
	isRunning: boolean;
	/** Whether it was made from the specification that is configured now. */
	isCurrent: boolean;
};

export type DriverEvent =
	/** A container of the pool stopped, whatever stopped it. */
	| { kind: "container-stopped"; ordinal: Ordinal; instanceId: string; reason: string }
	/** The engine stopped answering. Containers may or may not run on. */
	| { kind: "engine-down"; reason: string }
	/** The engine answers (again). Events may have been missed in between: inspect. */
	| { kind: "engine-up" };

export interface ContainerDriver {
	/** `none`: shells run as the gateway's own user on its own host. */
	readonly isolation: "containers" | "none";

	/** All containers of this pool. Throws `BerthError` ENGINE_UNREACHABLE. */
	inspect(): Promise<FoundContainer[]>;

	/**
	 * Makes the container of this ordinal run as configured: adopts it where it does, replaces it where it deviates,
	 * creates it where it is missing, starts and hardens it. Idempotent; users' files are not touched.
	 * Throws `BerthError` ENGINE_UNREACHABLE, IMAGE_MISSING, NOT_HARDENED or CONTAINER_FAILED.
	 */
	ensure(ordinal: Ordinal): Promise<PoolContainer>;

	/** A new byte stream to the container's agent. Throws `BerthError` LINK_BROKEN or ENGINE_UNREACHABLE. */
	connect(container: PoolContainer): Promise<Duplex>;

	/** Removes a container and nothing else. One that is gone already is fine. */
	remove(instanceId: string): Promise<void>;

	/**
	 * Reports events until `signal` is aborted; begins with `engine-up` or `engine-down`, and goes on through outages of
	 * the engine. Never throws.
	 */
	watch(onEvent: (event: DriverEvent) => void, signal: AbortSignal): Promise<void>;
}
