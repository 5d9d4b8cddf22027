/** How long a session may go on: by when it was last used, and by when it was last looked at. */
import type { ExpiryReason, SessionInfo } from "../../server/protocol/session.ts";

/** Both in ms. */
export type Timeouts = { sessionIdleMs: number; sessionDetachedMs: number };

export type Expiry = NonNullable<SessionInfo["expiry"]>;

/** So long before the end people are told, or half of the timeout where that is less. */
const NOTICE_MS = 60_000;
/** Clocks differ by less between two looks. */
const SAME_MS = 500;

export class Lifetime {
	#usedAt = performance.now();
	/** Null while a page looks. */
	#detachedAt: number | null = performance.now();

	/** Something was typed or printed. */
	used(): void {
		this.#usedAt = performance.now();
	}

	attached(): void {
		this.#detachedAt = null;
	}

	detached(): void {
		this.#detachedAt = performance.now();
	}

	/** What comes first, once it is time to say so. `earlier` is what was said before. */
	expiry({ sessionIdleMs, sessionDetachedMs }: Timeouts, earlier: Expiry | null): Expiry | null {
		const idle = this.#expiryOf("idle", this.#usedAt, sessionIdleMs);
		const detached = this.#detachedAt === null ? null : this.#expiryOf("detached", this.#detachedAt, sessionDetachedMs);
		const first = idle === null || (detached !== null && detached.at < idle.at) ? detached : idle;
		const isKnown = first?.reason === earlier?.reason && Math.abs((first?.at ?? 0) - (earlier?.at ?? 0)) < SAME_MS;
		return isKnown ? earlier : first;
	}

	#expiryOf(reason: ExpiryReason, since: number, timeoutMs: number): Expiry | null {
		const leftMs = since + timeoutMs - performance.now();
		if (leftMs > Math.min(NOTICE_MS, timeoutMs / 2)) return null;
		return { at: Math.round(Date.now() + leftMs), reason, afterMs: timeoutMs };
	}
}
