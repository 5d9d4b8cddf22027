/**
 * Open, flood, cut, resume, reload, close, in random order and for long: what gateway and agent hold when all sessions
 * are closed must not grow from rest to rest.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { SeededRandom } from "../support/seeded-random.ts";
import { type Holding, probeAgent, probeGateway } from "./memory-probe.ts";
import { type Growth, growthOf } from "./memory-trend.ts";
import { FloodRound, type Person } from "./soak-round.ts";
import type { Stage } from "./stage.ts";

export type SoakPlan = {
	/** Lines that are printed in all, unless `seconds` are over before. */
	lines: number;
	seconds: number;
	/** How often everything is closed and measured. */
	rests: number;
	/** People who use it at the same time. */
	people: number;
};

export type SoakReport = {
	rounds: number;
	lines: number;
	gateway: Holding[];
	agent: Holding[];
	/** What was held more and more of; empty where all is well. */
	growth: ({ process: "gateway" | "agent" } & Growth)[];
};

const LINES_PER_FLOOD = { least: 100, most: 12_000 };
/** Sessions are left behind, and a person may have eight running. */
const ROUNDS_BETWEEN_CLEARINGS = 4;
/** Programs that are being ended are given 2 s. */
const QUIET_PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 100;
/** Accounts begin here; the agent and its helpers are others. */
const FIRST_UID = 20_000;

/** `onRest` hears what each rest has shown. */
export async function soak(
	stage: Stage,
	random: SeededRandom,
	plan: SoakPlan,
	onRest: (gateway: Holding, agent: Holding, lines: number) => void = () => {},
): Promise<SoakReport> {
	const people = await Promise.all(Array.from({ length: plan.people }, () => stage.newCookie()));
	const report: SoakReport = { rounds: 0, lines: 0, gateway: [], agent: [], growth: [] };
	const start = performance.now();
	for (let rest = 1; rest <= plan.rests; rest += 1) {
		const share = rest / plan.rests;
		const isOver = (): boolean =>
			report.lines >= plan.lines * share || performance.now() - start >= plan.seconds * 1000 * share;
		await Promise.all(people.map((cookie) => keepBusy({ stage, cookie, random: random.fork() }, report, isOver)));
		await untilQuiet(stage);
		const [gateway, agent] = [await probeGateway(stage), await probeAgent(stage)];
		report.gateway.push(gateway);
		report.agent.push(agent);
		onRest(gateway, agent, report.lines);
	}
	for (const process of ["gateway", "agent"] as const) {
		report.growth.push(...growthOf(report[process]).map((growth) => ({ process, ...growth })));
	}
	return report;
}

async function keepBusy(person: Person, report: SoakReport, isOver: () => boolean): Promise<void> {
	const { least, most } = LINES_PER_FLOOD;
	for (let round = 1; !isOver(); round += 1) {
		const lines = person.random.integer(least, most);
		report.lines += lines;
		report.rounds += 1;
		await new FloodRound(person).run(lines);
		if (round % ROUNDS_BETWEEN_CLEARINGS === 0) await FloodRound.closeAll(person);
	}
	await FloodRound.closeAll(person);
}

/** Resolves once no program of any account is left. */
async function untilQuiet({ pool }: Stage): Promise<void> {
	const deadline = performance.now() + QUIET_PATIENCE_MS;
	for (;;) {
		const { Processes, Titles } = await pool.container(1).top();
		const column = Titles.indexOf("UID");
		const left = Processes.filter((line: string[]) => Number(line[column]) >= FIRST_UID);
		if (left.length === 0) return;
		if (performance.now() > deadline) throw new Error(`still there: ${JSON.stringify(left)}`);
		await sleep(LOOK_EVERY_MS);
	}
}
