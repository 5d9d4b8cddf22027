/** The gateway's memory while very much output passes through it. */
import { setTimeout as sleep } from "node:timers/promises";
import { startFlood, stopFlood, untilReceived } from "../flood.ts";
import { oneContainer, type Scenario } from "../scenario.ts";
import { extremesDuring } from "../watched-memory.ts";

/** Passes first, so that all code is compiled and every buffer has been used. */
const WARM_UP_BYTES = 200e6;
const LOOK_EVERY_MS = 3_000;
const MEGA = 1e6;
const LIMIT_SECONDS = 420;

export const passThrough: Scenario = {
	name: "pass-through",
	stage: oneContainer,
	limitSeconds: LIMIT_SECONDS,
	async run({ stage, sizes }) {
		using page = await stage.page();
		const shell = await page.open();
		await shell.untilFirstPrompt();
		await startFlood(shell);
		await untilReceived(shell, WARM_UP_BYTES);
		await stopFlood(shell);
		const before = await stage.gatewayMemory();
		await startFlood(shell);
		const start = performance.now();
		const passed = untilReceived(shell, sizes.passedBytes, LIMIT_SECONDS * 1000);
		const during = await extremesDuring(passed, LOOK_EVERY_MS, async () => (await stage.gatewayMemory()).rss);
		const seconds = (performance.now() - start) / 1000;
		await stopFlood(shell);
		await sleep(LOOK_EVERY_MS);
		const after = await stage.gatewayMemory();
		await shell.close();
		return [
			{
				what: `gateway memory while ${sizes.passedBytes / 1e9} GB pass: greatest deviation, garbage collected`,
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
					megabytesPerSecond: sizes.passedBytes / MEGA / seconds,
				},
			},
		];
	},
};
