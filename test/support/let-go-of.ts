/** Waits until the gateway lets go of a page, and returns when that was, as `performance.now()` has it. */
import type { PageClient } from "./page-client.ts";
import { SLOWNESS } from "./patience.ts";

const PATIENCE_MS = 10_000 * SLOWNESS;

export async function letGoOf({ socket }: PageClient): Promise<number> {
	const { promise, resolve, reject } = Promise.withResolvers<number>();
	const timer = setTimeout(() => reject(new Error(`still connected after ${PATIENCE_MS} ms`)), PATIENCE_MS);
	socket.once("disconnect", () => resolve(performance.now()));
	return await promise.finally(() => clearTimeout(timer));
}
