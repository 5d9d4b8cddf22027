import type { Engine } from "./engine.ts";
import { OutputSplitter } from "./exec-stream.ts";

const LAST_LINES = 20;
/** More than this of a log explains nothing more. */
const LAST_BYTES = 4_000;

/** The last lines that a container wrote, as an error to be given as a cause; undefined where there are none. */
export async function lastLogLines(engine: Engine, containerId: string): Promise<Error | undefined> {
	try {
		const raw = await engine.request((client, abortSignal) =>
			client.getContainer(containerId).logs({ stdout: true, stderr: true, tail: LAST_LINES, abortSignal }),
		);
		const parts: Buffer[] = [];
		const keep = (bytes: Buffer): void => void parts.push(bytes);
		if (Buffer.isBuffer(raw)) new OutputSplitter().push(raw, keep, keep);
		const text = Buffer.concat(parts).toString("utf8").trim().slice(-LAST_BYTES);
		return text === "" ? undefined : new Error(`last lines of the container's log:\n${text}`);
	} catch {
		// The failure that is being explained matters more than why it cannot be explained.
		return undefined;
	}
}
