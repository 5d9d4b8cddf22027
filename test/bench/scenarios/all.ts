/** All scenarios, in the order in which they are run. Those on the same stage stand together. */
import type { Scenario } from "../scenario.ts";
import { echoOne } from "./echo-one.ts";
import { openOne } from "./open-one.ts";

export const SCENARIOS: readonly Scenario[] = [openOne, echoOne];
