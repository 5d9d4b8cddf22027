/** A client that no longer reads while its program prints as fast as it can. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchShell } from "../bench-shell.ts";
import { startFlood, stopFlood, untilReceived } from "../flood.ts";
import { FloorShell } from "../floor-shell.ts";
import { enginePids, memoryOf } from "../process-figures.ts";
import { oneContainer, type Scenario } from "../scenario.ts";
import { extremesDuring } from "../watched-memory.ts";

/** Read before the client stalls: the replay ring is full then, and its memory is in use whether it stalls or not. */
const WARM_UP_BYTES = 100e6;
const SETTLE_MS = 3_000;
const LOOK_EVERY_MS = 500;
const MEBI = 1024 * 1024;

export const stalledReader: Scenario = {
	name: "stalled-reader",
	stage: oneContainer,
	limitSeconds: 240,
	async run({ stage, sizes }) {
		using page = await stage.warmPage();
		const account = await stage.floorAccount();
		const gateway = (await stage.probe({ op: "pid" })).pid;
		const agent = await stage.agentPid(page.container);
		const engine = enginePids(await stage.containerIds());
		const ofEngine = () => engine.reduce((bytes, pid) => bytes + memoryOf(pid).resident, 0);
		const collected = async () => (await stage.gatewayMemory()).rss;

		const floor = await growths(await FloorShell.open(account), sizes.stallSeconds, [ofEngine]);
		const berth = await growths(await page.open(), sizes.stallSeconds, [
			collected,
			() => memoryOf(agent).resident,
			() => memoryOf(gateway).resident,
		]);
		const what = `client stops reading while \`yes\` runs, ${sizes.stallSeconds} s: growth of`;
		const bar = { kind: "at-most", most: 1 } as const;
		const [ofGateway = 0, ofAgent = 0] = berth;
		return [
			{ what: `${what} the gateway`, unit: "MiB", floor: floor[0] ?? 0, berth: ofGateway, bar, details: {} },
			{ what: `${what} the agent`, unit: "MiB", floor: null, berth: ofAgent, bar, details: {} },
		];
	},
};

/** By how much each figure was greater at most while the client did not read than just before, MiB. */
async function growths(
	shell: BenchShell,
	seconds: number,
	reads: readonly (() => number | Promise<number>)[],
): Promise<number[]> {
	await shell.untilFirstPrompt();
	await startFlood(shell);
	await untilReceived(shell, WARM_UP_BYTES);
	await stopFlood(shell);
	await sleep(SETTLE_MS);
	const before = await Promise.all(reads.map((read) => read()));
	await startFlood(shell);
	shell.stopReading();
	const stalled = sleep(seconds * 1000);
	const during = await Promise.all(reads.map((read) => extremesDuring(stalled, LOOK_EVERY_MS, read)));
	await shell.close();
	return during.map(({ most }, index) => (most - (before[index] ?? 0)) / MEBI);
}
