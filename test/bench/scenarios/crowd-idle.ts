/** A thousand people who look at their prompts and do nothing: what each costs, and what the gateway does meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import { containerMemoryOf } from "../container-memory.ts";
import { Crowd } from "../crowd.ts";
import type { FloorAccount } from "../floor-shell.ts";
import { cpuSecondsOf, enginePids, memoryOf } from "../process-figures.ts";
import { type Bench, crowdContainers, type Row, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";
import { median } from "../statistics.ts";

/** After everybody came: what coming left behind is gone, and timers that follow it have run. */
const SETTLE_MS = 4_000;
const OPEN_AT_ONCE = 8;
const KILO = 1_000;
const MEGA = 1e6;
/** Of each session's replay ring at rest (`FIRST_SIZE_BYTES`). */
const RING_BYTES = 4 * 1024;

export const crowdIdle: Scenario = {
	name: "crowd-idle",
	stage: crowdContainers,
	limitSeconds: 400,
	async run(bench) {
		const { stage, sizes, say } = bench;
		const atRest = await rest(stage);
		const floorGrowth = await floorMemoryPerShell(bench);
		const empty = await stage.gatewayMemory();
		const cookies = await stage.cookies(sizes.crowd);
		await using crowd = await Crowd.gather({ kind: "berth", base: stage.base, cookies, shellsPerPage: 1 });
		await sleep(SETTLE_MS);
		const connected = await stage.gatewayMemory();
		say(`${sizes.crowd} pages are connected`);
		await crowd.ask({ op: "open", atOnce: OPEN_AT_ONCE });
		await sleep(SETTLE_MS);
		say(`${sizes.crowd} shells are open`);
		const attached = await stage.gatewayMemory();
		const occupied = await rest(stage);
		const perSession = (bytes: number): number => bytes / sizes.crowd;
		const { cpuPercent, pid } = await idleCpu(stage, sizes.idleSeconds);
		return [
			{
				what: "memory per idle attached session outside the container, its page's connection included",
				unit: "KB",
				floor: floorGrowth / KILO,
				berth: perSession(attached.rss - empty.rss) / KILO,
				bar: { kind: "at-most", most: 50 },
				details: {
					sessions: sizes.crowd,
					connectionKB: perSession(connected.rss - empty.rss) / KILO,
					heapKB: perSession(attached.heapUsed - empty.heapUsed) / KILO,
					externalKB: perSession(attached.external - empty.external) / KILO,
					gatewayEmptyMB: empty.rss / MEGA,
					gatewayFullMB: attached.rss / MEGA,
				},
			},
			{
				what: `${sizes.crowd} idle attached sessions on ${sizes.crowdContainers} containers: gateway CPU`,
				unit: "% of a core",
				floor: null,
				berth: cpuPercent,
				bar: { kind: "at-most", most: 2 },
				details: { seconds: sizes.idleSeconds, pid },
			},
			...agentRows(atRest, occupied, sizes.crowd / sizes.crowdContainers),
		];
	},
};

type Rest = { container: number; anonymous: number; agentResident: number; agentAnonymous: number };

/** Medians over the containers, bytes. */
async function rest(stage: Stage): Promise<Rest> {
	const all = await Promise.all(
		stage.containers.map(async (name) => {
			const { withoutPageCache, anonymous } = await containerMemoryOf(name);
			const agent = memoryOf(await stage.agentPid(name));
			return {
				container: withoutPageCache,
				anonymous,
				agentResident: agent.resident,
				agentAnonymous: agent.anonymous,
			};
		}),
	);
	const of = (name: keyof Rest): number => median(all.map((each) => each[name]));
	return {
		container: of("container"),
		anonymous: of("anonymous"),
		agentResident: of("agentResident"),
		agentAnonymous: of("agentAnonymous"),
	};
}

function agentRows(atRest: Rest, occupied: Rest, sessionsEach: number): Row[] {
	const perSession = (of: keyof Rest): number => (occupied[of] - atRest[of]) / sessionsEach / KILO;
	return [
		{
			what: "agent: container memory at rest, page cache left out",
			unit: "MB",
			floor: null,
			berth: atRest.container / MEGA,
			bar: { kind: "at-most", most: 40 },
			details: {
				anonymousMB: atRest.anonymous / MEGA,
				agentResidentMB: atRest.agentResident / MEGA,
				agentAnonymousMB: atRest.agentAnonymous / MEGA,
			},
		},
		{
			what: "agent: memory per idle session beside the shell and the ring",
			unit: "KB",
			floor: null,
			berth: perSession("agentAnonymous") - RING_BYTES / KILO,
			bar: { kind: "at-most", most: 100 },
			details: {
				sessionsPerContainer: sessionsEach,
				agentResidentKB: perSession("agentResident"),
				containerWithShellsKB: perSession("container"),
			},
		},
	];
}

/** What the engine's processes grow by per shell, bytes. */
async function floorMemoryPerShell({ stage, sizes }: Bench): Promise<number> {
	const account = await stage.floorAccount();
	const accounts: FloorAccount[] = Array.from({ length: sizes.floorCrowd }, () => account);
	const pids = enginePids(await stage.containerIds());
	const used = (): number => pids.reduce((bytes, pid) => bytes + memoryOf(pid).resident, 0);
	await using crowd = await Crowd.gather({ kind: "floor", accounts });
	const before = used();
	await crowd.ask({ op: "open", atOnce: OPEN_AT_ONCE });
	await sleep(SETTLE_MS);
	return (used() - before) / sizes.floorCrowd;
}

async function idleCpu(stage: Stage, seconds: number): Promise<{ cpuPercent: number; pid: number }> {
	const { pid } = await stage.probe({ op: "pid" });
	const before = cpuSecondsOf(pid);
	const start = performance.now();
	await sleep(seconds * 1000);
	const elapsed = (performance.now() - start) / 1000;
	return { cpuPercent: ((cpuSecondsOf(pid) - before) / elapsed) * 100, pid };
}
