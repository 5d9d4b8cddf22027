/** One snapshot, from an earlier one and what came since. */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { DrawnScreen } from "./drawn-screen.ts";
import { MAX_SNAPSHOT_BYTES, SCROLLBACK_LINES, type Snapshot, type SnapshotJob } from "./snapshot-job.ts";

/** Fast, and rows of text shrink to a fifth all the same. */
const DEFLATE_LEVEL = 1;

export async function drawSnapshot({ size, earlier, parts, maxBytes, ending }: SnapshotJob): Promise<Snapshot> {
	using screen = new DrawnScreen(size, SCROLLBACK_LINES);
	if (earlier !== null) await screen.draw(inflateRawSync(earlier.deflated, { maxOutputLength: MAX_SNAPSHOT_BYTES }));
	for (const part of parts) {
		if ("size" in part) screen.resize(part.size);
		else await screen.draw(part.bytes);
	}
	const bytes = Buffer.concat([screen.snapshot(maxBytes - ending.length), Buffer.from(ending)]);
	return { deflated: deflateRawSync(bytes, { level: DEFLATE_LEVEL }), length: bytes.length };
}
