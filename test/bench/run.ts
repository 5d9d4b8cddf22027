/** Runs scenarios one after the other, each in bounded time, and leaves nothing behind however it ends. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { printResult } from "./report.ts";
import type { Result } from "./result.ts";
import type { Row, Scenario, Sizes } from "./scenario.ts";
import { Stage, type StageOptions } from "./stage.ts";

export type RunOptions = {
	scenarios: readonly Scenario[];
	sizes: Sizes;
	cpus: number;
	/** Folder for CPU profiles of the gateway. */
	profile?: string | undefined;
};

const EXIT_INTERRUPTED = 130;

export async function runAll({ scenarios, sizes, cpus, profile }: RunOptions): Promise<Result[]> {
	await using theatre = new Theatre(profile);
	const onSignal = (): void => void theatre[Symbol.asyncDispose]().then(() => process.exit(EXIT_INTERRUPTED));
	process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
	const results: Result[] = [];
	for (const scenario of scenarios) {
		say(`${scenario.name} …`);
		const result = await theatre.play(scenario, sizes, cpus);
		results.push(result);
		printResult(result);
	}
	return results;
}

/** Has at most one stage at a time, and keeps it for the next scenario where that wants the same. */
class Theatre implements AsyncDisposable {
	readonly #profile: string | undefined;
	#stage: Promise<Stage> | null = null;
	#wanted = "";
	#isClosed = false;

	constructor(profile: string | undefined) {
		this.#profile = profile === undefined ? undefined : resolve(profile);
		if (this.#profile !== undefined) mkdirSync(this.#profile, { recursive: true });
	}

	async play(scenario: Scenario, sizes: Sizes, cpus: number): Promise<Result> {
		try {
			const stage = await this.#stageFor({ ...scenario.stage(sizes), cpus });
			const start = performance.now();
			const rows = await withinLimit(scenario, () => this.#measured(scenario, stage, sizes));
			const seconds = Math.round((performance.now() - start) / 1000);
			say(`${scenario.name}: ${seconds} s`);
			return { kind: "measured", scenario: scenario.name, rows, seconds };
		} catch (error) {
			// Interrupted: who closed it ends the process once nothing is left, and that is no failure of the scenario.
			if (this.#isClosed) return await new Promise(() => {});
			return await this.#onFailure(scenario.name, problemsIn(error));
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#isClosed = true;
		await this.#clear();
	}

	async #clear(): Promise<void> {
		const stage = this.#stage;
		this.#stage = null;
		this.#wanted = "";
		await (await stage?.catch(() => null))?.[Symbol.asyncDispose]();
	}

	async #onFailure(scenario: string, problems: unknown[]): Promise<Result> {
		for (const each of problems) say(`${scenario} failed: ${each instanceof Error ? each.stack : each}`);
		const stage = await this.#stage?.catch(() => null);
		say((await stage?.complaints().catch(String)) ?? "there is no gateway");
		// Whatever it left running would disturb the next one.
		await this.#clear();
		return { kind: "failed", scenario, problem: problems.map(String).join("; ") };
	}

	async #measured(scenario: Scenario, stage: Stage, sizes: Sizes): Promise<Row[]> {
		if (this.#profile !== undefined) await stage.probe({ op: "profile-start" });
		const rows = await scenario.run({ stage, sizes, say });
		const path = join(this.#profile ?? "", `${scenario.name}.cpuprofile`);
		if (this.#profile !== undefined) await stage.probe({ op: "profile-stop", path });
		return rows;
	}

	async #stageFor(options: StageOptions): Promise<Stage> {
		const wanted = JSON.stringify(options);
		if (this.#stage === null || this.#wanted !== wanted) {
			await this.#clear();
			this.#wanted = wanted;
			this.#stage = Stage.start(options);
		}
		return await this.#stage;
	}
}

async function withinLimit(scenario: Scenario, run: () => Promise<Row[]>): Promise<Row[]> {
	const { promise, reject } = Promise.withResolvers<never>();
	const late = new Error(`not done after ${scenario.limitSeconds} s`);
	const timer = setTimeout(() => reject(late), scenario.limitSeconds * 1000);
	return await Promise.race([run(), promise]).finally(() => clearTimeout(timer));
}

/** What went wrong, and what went wrong while it was being cleared away. */
function problemsIn(error: unknown): unknown[] {
	return error instanceof SuppressedError ? [...problemsIn(error.suppressed), ...problemsIn(error.error)] : [error];
}

function say(text: string): void {
	console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}
