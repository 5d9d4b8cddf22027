/**
 * One page's part in the size of a session that several may show: the page that typed, resized or attached last decides.
 * A page that nobody works at must not: it gives the session's own size for its own until somebody does.
 */
import type { SessionInfo, TerminalSize } from "../../server/protocol/session.ts";
import { RequestFailure } from "./gateway-connection.ts";
import { isSameSize } from "./output-sizes.ts";

export type SizeClaimOptions = {
	/** What this page has room for. */
	own(): TerminalSize;
	/** What the session has; null where that is not known. */
	session(): TerminalSize | null;
	/** Whether somebody can see the terminal. */
	isSeen(): boolean;
	/** Tells the session. Throws `RequestFailure`. */
	resize(size: TerminalSize): Promise<void>;
	/** `isFollowing` may be another. */
	onChange(): void;
};

/** After an outage all pages come back, and not at once: whoever is alone for less may not stay alone. */
const ALONE_MS = 10_000;

export class SizeClaim {
	readonly #options: SizeClaimOptions;
	/** What the session was told that this page has; null while not attached. */
	#told: TerminalSize | null = null;
	/** What it is attached with. */
	#offered: TerminalSize | null = null;
	#isOwnOffered = false;
	#hasAttached = false;
	#wasInCharge = true;
	/** Requests that were not answered yet. */
	#asked = 0;
	#alone: ReturnType<typeof setTimeout> | undefined;

	constructor(options: SizeClaimOptions) {
		this.#options = options;
	}

	/** Whether the session's size is another page's. */
	get isFollowing(): boolean {
		const session = this.#options.session();
		return session !== null && this.#asked === 0 && !isSameSize(session, this.#options.own());
	}

	/** The size to attach with. `session` null: a new one. */
	attaching(session: Pick<SessionInfo, "size" | "state"> | null): TerminalSize {
		this.#isOwnOffered = session === null || this.#mayDecide(session);
		this.#offered = session === null || this.#isOwnOffered ? this.#options.own() : session.size;
		return this.#offered;
	}

	attached(): void {
		this.#told = this.#offered;
		this.#hasAttached = true;
		// The panel may have become another one while the answer was on its way.
		if (this.#isOwnOffered && this.#options.isSeen()) this.claim();
	}

	detached(): void {
		clearTimeout(this.#alone);
		if (this.#told !== null) this.#wasInCharge = this.#isInCharge;
		this.#told = null;
	}

	/** Another session begins. */
	reset(): void {
		this.detached();
		this.#hasAttached = false;
		this.#wasInCharge = true;
	}

	/** Somebody works here: the session takes this page's size, where it was told another. */
	claim(): void {
		const own = this.#options.own();
		if (this.#told === null || isSameSize(this.#told, own)) return;
		this.#told = own;
		this.#asked += 1;
		this.#options
			.resize(own)
			.catch((thrown: unknown) => {
				// The next attachment says it again.
				if (!(thrown instanceof RequestFailure)) throw thrown;
			})
			.finally(() => {
				this.#asked -= 1;
				this.#options.onChange();
			});
	}

	/** There is room for another size, or what there is has come to be seen. */
	onOwnSize(isChange: boolean): void {
		if (this.#options.isSeen() && (isChange || this.#isInCharge)) this.claim();
		this.#options.onChange();
	}

	/** What the session is now. */
	onSession({ state }: Pick<SessionInfo, "state">): void {
		clearTimeout(this.#alone);
		if (state.kind === "running" && state.attached === 1 && this.#told !== null) {
			this.#alone = setTimeout(() => {
				if (this.#options.isSeen()) this.claim();
			}, ALONE_MS);
		}
		this.#options.onChange();
	}

	get #isInCharge(): boolean {
		const session = this.#options.session();
		return this.#told !== null && session !== null && isSameSize(this.#told, session);
	}

	#mayDecide({ size, state }: Pick<SessionInfo, "size" | "state">): boolean {
		if (!this.#options.isSeen()) return false;
		if (!this.#hasAttached) return true;
		// While this page was away somebody else may have come, and works there now.
		const isTaken = state.kind === "running" && state.attached > 0 && !isSameSize(size, this.#options.own());
		return this.#wasInCharge && !isTaken;
	}
}
