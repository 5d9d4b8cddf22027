/** What a person has done to a session from its tab. Success shows by itself; a refusal is told. */
import type { SessionSignal } from "../../server/protocol/session.ts";
import type { PageRequestName } from "../../server/protocol/terminal.ts";
import { type GatewayConnection, type PageRequestInput, RequestFailure } from "./gateway-connection.ts";

export class SessionOrders {
	readonly #connection: GatewayConnection;
	readonly #onNotice: (text: string) => void;

	constructor(connection: GatewayConnection, onNotice: (text: string) => void) {
		this.#connection = connection;
		this.#onNotice = onNotice;
	}

	close(sessionId: string): void {
		this.#order("session:close", { sessionId });
	}

	rename(sessionId: string, name: string): void {
		this.#order("session:rename", { sessionId, name });
	}

	/** Signals the program in the foreground. */
	signal(sessionId: string, signal: SessionSignal): void {
		this.#order("session:signal", { sessionId, signal });
	}

	#order<Name extends PageRequestName>(name: Name, request: PageRequestInput<Name>): void {
		this.#connection.request(name, request).catch((thrown: unknown) => {
			if (!(thrown instanceof RequestFailure)) throw thrown;
			// Gone already is what was wanted.
			if (thrown.error.code !== "SESSION_NOT_FOUND") this.#onNotice(`${thrown.message} ${thrown.error.action}`);
		});
	}
}
