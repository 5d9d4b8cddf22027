/** What a request says of its sender. */
import type { IncomingMessage } from "node:http";
import type { RequestFacts } from "../core/authenticator.ts";
import type { ClientAddresses } from "../limits/client-address.ts";

export function requestFacts(request: IncomingMessage, addresses: ClientAddresses): RequestFacts {
	return {
		headers: request.headers,
		peer: request.socket.remoteAddress ?? "",
		address: addresses.of(request),
	};
}
