/** What a request says of its sender. */
import type { IncomingMessage } from "node:http";
import type { RequestFacts } from "../core/authenticator.ts";
import type { ClientAddresses } from "../limits/client-address.ts";

export function requestFacts(request: IncomingMessage, addresses: ClientAddresses): RequestFacts {
	return {
		headers: headersOf(request),
		peer: request.socket.remoteAddress ?? "",
		address: addresses.of(request),
	};
}

/** Node joins what was sent more than once, or drops all but the first: here one can see that it was. */
function headersOf({ headers, headersDistinct }: IncomingMessage): RequestFacts["headers"] {
	const repeated = Object.entries(headersDistinct).filter(([name, all = []]) => all.length > 1 && name !== "cookie");
	return repeated.length === 0 ? headers : { ...headers, ...Object.fromEntries(repeated) };
}
