/** Bounds what one address may ask by HTTP, the beginnings of connections included. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { RateLimit } from "../core/rate-limit.ts";
import { BerthError } from "../protocol/errors.ts";
import type { ClientAddresses } from "./client-address.ts";
import { refuse } from "./refusal.ts";

/** As Express and Engine.IO both take it. */
export type Gate = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

export type RequestLimitOptions = {
	addresses: ClientAddresses;
	limit: RateLimit;
	/** Asked by machines to decide whether the gateway lives: a crowd at the page must not make them think it does not. */
	healthPaths: ReadonlySet<string>;
	/** An address was refused. */
	onRefused(error: BerthError, address: string): void;
};

export function limitRequests({ addresses, healthPaths, limit, onRefused }: RequestLimitOptions): Gate {
	const pass: (...args: Parameters<Gate>) => Promise<void> = async (request, response, next) => {
		const address = addresses.of(request);
		const waitMs = await limit.take(healthPaths.has(request.url ?? "") ? `health ${address}` : address);
		if (waitMs === 0) {
			next();
			return;
		}
		const error = new BerthError("RATE_LIMITED", { retryAfterMs: waitMs });
		onRefused(error, address);
		refuse(request, response, error);
	};
	return (...args) => void pass(...args).catch(args[2]);
}
