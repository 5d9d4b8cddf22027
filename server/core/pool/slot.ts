/** One position of the pool and what stands there now. */
import type { BerthError } from "../../protocol/errors.ts";
import type { Ordinal } from "../../protocol/ids.ts";
import type { PoolContainer } from "../container-driver.ts";
import type { Link } from "../link/link.ts";

export type SlotState =
	/** Nothing was seen here since the gateway started. */
	| { kind: "starting" }
	/** Takes users. */
	| { kind: "ready"; container: PoolContainer; link: Link }
	/** Was ready; its container is being replaced. */
	| { kind: "restarting" }
	/** Could not be brought up; the next try comes by itself. */
	| { kind: "failed"; error: BerthError /** In a row. */; failures: number };

export type Slot = { readonly ordinal: Ordinal; state: SlotState };
