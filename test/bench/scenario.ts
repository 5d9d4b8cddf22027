/** What a scenario is, what it is given and what it gives back. */
import type { Stage, StageOptions } from "./stage.ts";

/** How much is done. The quick run shows that everything works and roughly where the figures are. */
export type Sizes = {
	/** Times that floor and berth take turns. */
	rounds: number;
	/** Shells opened one after the other, per round. */
	opens: number;
	/** Keystrokes per round. */
	keys: number;
	/** Output per round of the bulk scenario, bytes. */
	bulkBytes: number;
	/** Output that passes while the gateway's memory is watched, bytes. */
	passedBytes: number;
	/** How long a client does not read, s. */
	stallSeconds: number;
	/** Interrupted floods, per round. */
	interrupts: number;
	/** Sessions of the crowd, one page and account each. */
	crowd: number;
	/** Containers that the crowd is on. */
	crowdContainers: number;
	/** Shells that the floor's memory is measured with. */
	floorCrowd: number;
	/** Sessions that see the gateway killed. */
	resumed: number;
	/** How long the gateway's CPU is watched beside an idle crowd, s. */
	idleSeconds: number;
	/** How long the crowd types, s. */
	typingSeconds: number;
};

export type Bench = {
	stage: Stage;
	sizes: Sizes;
	/** Says how far it is, on the terminal. */
	say(text: string): void;
};

export type Unit = "ms" | "s" | "MB/s" | "MB" | "MiB" | "KB" | "% of a core";

/** What a figure is held against. */
export type Bar =
	/** berth ≤ most × floor */
	| { kind: "share-of-floor"; most: number }
	/** berth ≥ least × floor */
	| { kind: "least-share-of-floor"; least: number }
	/** berth ≤ floor + most */
	| { kind: "above-floor"; most: number }
	/** berth ≤ most */
	| { kind: "at-most"; most: number };

export type Row = {
	/** As in the table. */
	what: string;
	unit: Unit;
	/** Null where there is nothing to compare with. */
	floor: number | null;
	berth: number;
	bar: Bar;
	/** What the figures were made from, and what else was seen. */
	details: Record<string, number | number[]>;
};

export type Scenario = {
	name: string;
	/** Which stage it plays on; scenarios on the same one share it. */
	stage(sizes: Sizes): Omit<StageOptions, "cpus">;
	/** After which it has failed, s. */
	limitSeconds: number;
	run(bench: Bench): Promise<Row[]>;
};

/** One container for a scenario of few sessions. */
export const oneContainer: Scenario["stage"] = () => ({ containers: 1 });

export const crowdContainers: Scenario["stage"] = ({ crowdContainers }) => ({ containers: crowdContainers });

/** Floor and berth in turns, so that whatever else the machine does falls on both. */
export async function inTurns<Result>(
	rounds: number,
	sides: { floor: () => Promise<Result>; berth: () => Promise<Result> },
): Promise<{ floor: Result[]; berth: Result[] }> {
	const results: { floor: Result[]; berth: Result[] } = { floor: [], berth: [] };
	for (let round = 0; round < rounds; round++) {
		results.floor.push(await sides.floor());
		results.berth.push(await sides.berth());
	}
	return results;
}
