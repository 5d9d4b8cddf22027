/** Makes one report per stopped container out of the several events that the engine sends about it. */
import { z } from "zod";
import type { DriverEvent } from "../../core/container-driver.ts";
import type { Log } from "../../core/log.ts";
import { Ordinal } from "../../protocol/ids.ts";
import { HELPER_ROLE, LABELS } from "./container-spec.ts";

/** The events to ask the engine for. */
export const STOP_EVENTS = ["die", "destroy", "oom"] as const;

/** The part of an engine's event that matters here. */
export const ContainerEvent = z.object({
	Action: z.enum(STOP_EVENTS),
	Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
});
export type ContainerEvent = z.infer<typeof ContainerEvent>;

export class StopReporter {
	readonly #onEvent: (event: DriverEvent) => void;
	readonly #log: Log;
	/** Ids of containers that were reported and still exist. */
	readonly #reported = new Set<string>();
	/** Ids of containers in which the kernel ended a process for want of memory. */
	readonly #outOfMemory = new Set<string>();

	constructor(onEvent: (event: DriverEvent) => void, log: Log) {
		this.#onEvent = onEvent;
		this.#log = log;
	}

	take({ Action: action, Actor: { ID: id, Attributes: attributes } }: ContainerEvent): void {
		if (attributes[LABELS.role] === HELPER_ROLE) return;
		const ordinal = Ordinal.safeParse(Number(attributes[LABELS.ordinal]));
		if (!ordinal.success) return;
		switch (action) {
			case "oom":
				this.#noteOutOfMemory(id, attributes.name);
				return;
			case "die":
				this.#report(ordinal.data, id, `it ended with exit code ${attributes.exitCode}`);
				return;
			case "destroy":
				this.#report(ordinal.data, id, "it was removed");
				this.#reported.delete(id);
				this.#outOfMemory.delete(id);
		}
	}

	/** Most often it is a user's program that was ended; the container goes on. Logged once, since users can cause it. */
	#noteOutOfMemory(id: string, container: string | undefined): void {
		if (this.#outOfMemory.has(id)) return;
		this.#outOfMemory.add(id);
		this.#log.warn({ container }, "a process was ended because the container is out of memory");
	}

	#report(ordinal: Ordinal, instanceId: string, what: string): void {
		if (this.#reported.has(instanceId)) return;
		this.#reported.add(instanceId);
		const reason = this.#outOfMemory.has(instanceId) ? `${what}, after it ran out of memory` : what;
		this.#onEvent({ kind: "container-stopped", ordinal, instanceId, reason });
	}
}
