/**
 * All scenarios, in the order in which they are run. Those on the same stage stand together, `crowdIdle` first: it wants
 * agents that have just started.
 */
import type { Scenario } from "../scenario.ts";
import { bulk } from "./bulk.ts";
import { crowdIdle } from "./crowd-idle.ts";
import { crowdRestart } from "./crowd-restart.ts";
import { crowdTyping } from "./crowd-typing.ts";
import { echoBesideFlood } from "./echo-beside-flood.ts";
import { echoBesidePrinters } from "./echo-beside-printers.ts";
import { echoOne } from "./echo-one.ts";
import { interrupt } from "./interrupt.ts";
import { openHundred } from "./open-hundred.ts";
import { openOne } from "./open-one.ts";
import { passThrough } from "./pass-through.ts";
import { stalledReader } from "./stalled-reader.ts";

export const SCENARIOS: readonly Scenario[] = [
	openOne,
	openHundred,
	echoOne,
	echoBesidePrinters,
	echoBesideFlood,
	bulk,
	interrupt,
	passThrough,
	stalledReader,
	crowdIdle,
	crowdRestart,
	crowdTyping,
];
