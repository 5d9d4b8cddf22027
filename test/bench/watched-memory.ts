/** Watches a figure for as long as something goes on. */
import { setTimeout as sleep } from "node:timers/promises";

/** Least and greatest of what `read` says, asked again and again until `work` is done. */
export async function extremesDuring(
	work: Promise<unknown>,
	everyMs: number,
	read: () => number | Promise<number>,
): Promise<{ least: number; most: number }> {
	let isDone = false;
	const done = work.finally(() => {
		isDone = true;
	});
	const extremes = { least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY };
	while (!isDone) {
		const value = await read();
		extremes.least = Math.min(extremes.least, value);
		extremes.most = Math.max(extremes.most, value);
		await Promise.race([sleep(everyMs), done]);
	}
	await done;
	return extremes;
}
