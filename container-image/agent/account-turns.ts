/**
 * Who may work on an account now: shells are opened side by side, but none while its home becomes somebody else's, or
 * somebody else's home its own.
 */
import type { Username } from "../../server/protocol/ids.ts";

export class AccountTurns {
	readonly #shared = new Map<Username, Set<Promise<unknown>>>();
	readonly #alone = new Map<Username, Promise<unknown>>();
	#last: Promise<unknown> = Promise.resolve();

	/** Works beside others of its kind. */
	async share<Result>(username: Username, work: () => Promise<Result>): Promise<Result> {
		for (let other = this.#alone.get(username); other !== undefined; other = this.#alone.get(username)) await other;
		const beside = this.#shared.get(username) ?? new Set();
		this.#shared.set(username, beside);
		const working = work();
		beside.add(working);
		try {
			return await working;
		} finally {
			beside.delete(working);
			if (beside.size === 0) this.#shared.delete(username);
		}
	}

	/** Works alone on these accounts; one such work at a time. */
	async alone<Result>(usernames: readonly Username[], work: () => Promise<Result>): Promise<Result> {
		const turn = this.#last.then(() => this.#workAlone(usernames, work));
		this.#last = turn.catch(() => {});
		return await turn;
	}

	async #workAlone<Result>(usernames: readonly Username[], work: () => Promise<Result>): Promise<Result> {
		const { promise, resolve } = Promise.withResolvers<void>();
		for (const username of usernames) this.#alone.set(username, promise);
		try {
			const before = usernames.flatMap((username) => [...(this.#shared.get(username) ?? [])]);
			await Promise.allSettled(before);
			return await work();
		} finally {
			for (const username of usernames) this.#alone.delete(username);
			resolve();
		}
	}
}
