/** What a scenario's two sides cost in CPU time: it tells more than a clock where the machine is busy with others, too. */
import type { CpuSeconds, Stage } from "./stage.ts";

const ZERO: CpuSeconds = { gateway: 0, agents: 0, engine: 0, client: 0 };

/** Adds up what was used while its sides ran. */
export class CpuCost {
	readonly #stage: Stage;
	readonly #used = { floor: { ...ZERO }, berth: { ...ZERO } };

	constructor(stage: Stage) {
		this.#stage = stage;
	}

	/** Runs one round of one side. */
	async of<Result>(side: "floor" | "berth", run: () => Promise<Result>): Promise<Result> {
		const before = await this.#stage.cpuSeconds();
		const result = await run();
		const after = await this.#stage.cpuSeconds();
		const used = this.#used[side];
		for (const name of Object.keys(ZERO) as (keyof CpuSeconds)[]) used[name] += after[name] - before[name];
		return result;
	}

	/** Milliseconds of CPU per unit of what was done by each side in all, e.g. per keystroke. */
	per(unit: string, count: number): Record<string, number> {
		const ms = (seconds: number): number => (seconds * 1000) / count;
		const { floor, berth } = this.#used;
		return {
			[`floorEngineCpuMsPer${unit}`]: ms(floor.engine),
			[`floorClientCpuMsPer${unit}`]: ms(floor.client),
			[`berthGatewayCpuMsPer${unit}`]: ms(berth.gateway),
			[`berthAgentCpuMsPer${unit}`]: ms(berth.agents),
			[`berthClientCpuMsPer${unit}`]: ms(berth.client),
		};
	}
}
