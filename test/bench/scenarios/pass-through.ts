/** The gateway's memory while very much output passes through it. */
import { setTimeout as sleep } from "node:timers/promises";
import { startFlood, stopFlood, untilReceived } from "../flood.ts";
import { oneContainer, type Scenario } from "../scenario.ts";
import { rounded } from "../statistics.ts";
import { extremesDuring } from "../watched-memory.ts";

/** Passes first, so that all code is compiled and every buffer has been used. */
const WARM_UP_BYTES = 200e6;
const LOOK_EVERY_MS = 3_000;
const MEGA = 1e6;
const MOST_MS = 240_000;

export const passThrough: Scenario = {
	name: "pass-through",
	stage: oneContainer,
	limitSeconds: 300,
	async run({ stage, sizes }) {
		using page = await stage.page();
		const shell = await page.open();
		await shell.untilFirstPrompt();
		await startFlood(shell);
		await untilReceived(shell, WARM_UP_BYTES);
		await stopFlood(shell);
		// What earlier scenarios left is given back to the system little by little.
		await stage.gatewayMemory();
		await sleep(LOOK_EVERY_MS);
		const before = await stage.gatewayMemory();
		await startFlood(shell);
		const start = performance.now();
		const from = shell.received;
		// A slow machine passes less in the time there is; the row says how much.
		const passed = Promise.race([untilReceived(shell, sizes.passedBytes, 2 * MOST_MS), sleep(MOST_MS)]);
		const during = await extremesDuring(passed, LOOK_EVERY_MS, async () => (await stage.gatewayMemory()).rss);
		const seconds = (performance.now() - start) / 1000;
		const gigabytes = (shell.received - from) / 1e9;
		await stopFlood(shell);
		await sleep(LOOK_EVERY_MS);
		const after = await stage.gatewayMemory();
		await shell.close();
		return [
			{
				what: `gateway memory while ${rounded(gigabytes)} GB pass: greatest deviation, garbage collected`,
				unit: "MB",
				floor: null,
				berth: Math.max(during.most - before.rss, before.rss - during.least) / MEGA,
				bar: { kind: "at-most", most: 10 },
				details: {
					residentBeforeMB: before.rss / MEGA,
					residentLeastMB: during.least / MEGA,
					residentMostMB: during.most / MEGA,
					residentAfterMB: after.rss / MEGA,
					heapBeforeMB: before.heapUsed / MEGA,
					heapAfterMB: after.heapUsed / MEGA,
					megabytesPerSecond: (gigabytes * 1000) / seconds,
				},
			},
		];
	},
};
