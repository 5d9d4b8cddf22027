/** The terminal inside another page: signs in by that page's token, does what it asks, and tells it how things are. */
import type { TerminalSize } from "../../../server/protocol/session.ts";
import { ApiFailure, call, errorOf } from "../../shared/api-client.ts";
import type { ConnectionState, GatewayConnection } from "../gateway-connection.ts";
import type { Ending, SessionTab } from "../session-tab.ts";
import { type EmbedOrder, isToken } from "./messages.ts";
import { ParentPage } from "./parent-page.ts";
import { confirmRun } from "./run-prompt.ts";

export type EmbeddingOptions = {
	connection: GatewayConnection;
	/** The visible tab; null where there is none. */
	active(): SessionTab | null;
	/** The terminal is for somebody else from here on, or for the same one anew. */
	onReplaced(): void;
};

export class Embedding {
	readonly #options: EmbeddingOptions;
	readonly #parent: ParentPage;
	#size: TerminalSize | null = null;
	#isAsking = false;
	/** Counts the tokens that came: what an earlier one leads to is of no interest any more. */
	#tokens = 0;

	/** Finds out who may be around, says that it is ready, and asks to be told who it is for. */
	static async begin(options: EmbeddingOptions): Promise<Embedding | null> {
		const token = tokenInAddress();
		if (window.parent === window) {
			options.connection.rest({ kind: "refused", error: NOT_EMBEDDED });
			return null;
		}
		const origins = await allowedOrigins().catch(() => []);
		const embedding = new Embedding(options, origins);
		embedding.#parent.say({ type: "ready" });
		if (token === null) embedding.askForToken();
		else await embedding.#signIn(token);
		return embedding;
	}

	private constructor(options: EmbeddingOptions, origins: readonly string[]) {
		this.#options = options;
		this.#parent = new ParentPage({
			window,
			parent: window.parent,
			origins,
			onOrder: (order) => void this.#obey(order),
			onNonsense: () => console.warn("A message from the page around the terminal is none that it knows."),
		});
	}

	askForToken(): void {
		this.#options.connection.rest({ kind: "token-wanted" });
		this.#parent.say({ type: "token-wanted" });
	}

	onConnection(state: ConnectionState): void {
		if (state.kind !== "signed-out") return;
		this.#parent.say({ type: "signed-out", reason: state.why });
		// It has only lasted too long: nobody meant it to end.
		if (state.why === "expired") queueMicrotask(() => this.askForToken());
	}

	onGrid({ cols, rows }: TerminalSize): void {
		if (cols === this.#size?.cols && rows === this.#size.rows) return;
		this.#size = { cols, rows };
		this.#parent.say({ type: "resize", cols, rows });
	}

	onEnded({ exitCode, signal }: Ending): void {
		this.#parent.say({ type: "ended", exitCode, signal });
	}

	async #obey(order: EmbedOrder): Promise<void> {
		switch (order.type) {
			case "token":
				await this.#signIn(order.token);
				return;
			case "focus":
				this.#options.active()?.view.focus();
				return;
			case "run":
				await this.#run(order.command);
				return;
		}
	}

	async #signIn(token: string): Promise<void> {
		const { connection, onReplaced } = this.#options;
		this.#tokens += 1;
		const number = this.#tokens;
		// Whoever was here is not any more, whatever comes of it.
		connection.rest({ kind: "token-wanted" });
		onReplaced();
		try {
			await call("sign-in.jwt", { token, isEmbedded: true });
			if (number === this.#tokens) connection.open();
		} catch (thrown) {
			if (!(thrown instanceof ApiFailure)) throw thrown;
			if (number === this.#tokens) connection.rest({ kind: "refused", error: thrown.error });
		}
	}

	/** One question at a time; in the shell that was seen when it was asked. */
	async #run(command: string): Promise<void> {
		const tab = this.#options.active();
		if (this.#isAsking || tab === null || tab.state.kind !== "live") return;
		this.#isAsking = true;
		const isAgreed = await confirmRun(command, tab.name);
		this.#isAsking = false;
		if (isAgreed && tab.state.kind === "live") tab.run(command);
		tab.view.focus();
	}
}

const NOT_EMBEDDED = {
	...errorOf("BAD_REQUEST"),
	message: "This address is for showing the terminal inside another page.",
	action: "Open the terminal itself, at /container-terminal.",
};

/** `#token=…` is the simple way. It is taken out of the address at once, and no server was sent it. */
function tokenInAddress(): string | null {
	const token = new URLSearchParams(location.hash.slice(1)).get("token");
	history.replaceState(null, "", location.pathname);
	return isToken(token) ? token : null;
}

async function allowedOrigins(): Promise<string[]> {
	const answer: unknown = await (await fetch("embed/origins")).json();
	const { origins } = Object(answer);
	return Array.isArray(origins) ? origins.filter((origin) => typeof origin === "string") : [];
}
