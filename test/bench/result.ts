/** What became of a scenario. */
import type { Row } from "./scenario.ts";

export type Result =
	| { kind: "measured"; scenario: string; rows: Row[]; seconds: number }
	| { kind: "failed"; scenario: string; problem: string };
