/** The part of an audit event that says who did it, from where, and that it was done. */
import type { RequestFacts } from "./authenticator.ts";
import { type Actor, nameOfActor } from "./rights.ts";

export type DoneBy = { actor: string; address: string | null; result: "done" };

export function doneBy({ actor, request }: { actor: Actor; request: RequestFacts | null }): DoneBy {
	return { actor: nameOfActor(actor), address: request?.address ?? null, result: "done" };
}
