/** For what another process tells in its own time, such as log lines. */
import { setTimeout as sleep } from "node:timers/promises";
import { SLOWNESS } from "./patience.ts";

const PATIENCE_MS = 5_000 * SLOWNESS;
const LOOK_EVERY_MS = 20;

/** Returns as soon as the assertion holds; throws its last error where it does not in time. */
export async function eventually(assertion: () => void): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	for (;;) {
		try {
			assertion();
			return;
		} catch (error) {
			if (performance.now() > deadline) throw error;
		}
		await sleep(LOOK_EVERY_MS);
	}
}
