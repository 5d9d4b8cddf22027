/**
 * Which input of which page has been taken. Pages number their input by byte, so that whatever is sent again after a
 * reconnect is recognised: each byte is taken once and in order.
 */
import type { PageId } from "../../server/protocol/ids.ts";

/** A page counts as long as it is one of the last this many that attached or typed. Each costs some 100 bytes. */
export const PAGES_REMEMBERED = 64;

export type Verdict =
	/** Bytes before `skip` were taken already; those behind are new. `skip` may be all of them. */
	{ kind: "take"; skip: number } | { kind: "gap" };

export class InputLedger {
	/** Least recently used first. */
	readonly #accepted = new Map<PageId, number>();

	/** Number of the next byte expected from this page. */
	acceptedFrom(page: PageId): number {
		return this.#accepted.get(page) ?? 0;
	}

	/** What to do with `length` bytes of which the first has number `seq`. Changes nothing. */
	judge(page: PageId, seq: number, length: number): Verdict {
		const accepted = this.acceptedFrom(page);
		if (seq > accepted) return { kind: "gap" };
		return { kind: "take", skip: Math.min(accepted - seq, length) };
	}

	/** The page was seen, and `bytes` more of its input were taken. Forgets the page unheard of for longest. */
	accept(page: PageId, bytes: number): void {
		const accepted = this.acceptedFrom(page) + bytes;
		this.#accepted.delete(page);
		this.#accepted.set(page, accepted);
		if (this.#accepted.size <= PAGES_REMEMBERED) return;
		const [oldest] = this.#accepted.keys();
		if (oldest !== undefined) this.#accepted.delete(oldest);
	}
}
