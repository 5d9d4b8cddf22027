/**
 * A launcher for each account, in the account's control groups; where accounts are not kept apart one for all. An account
 * that has no session keeps its launcher for a while: who comes back waits for nothing.
 */
import type { Account } from "../../server/protocol/link.ts";
import { Launcher } from "./launcher.ts";
import type { Log } from "./log.ts";

const KEPT_MS = 10 * 60_000;

export type LaunchersOptions = {
	/** The launcher has ended although it was not to: of what it has started nobody will hear. */
	onLost(account: Account): void;
	/** The account's launcher has gone: nothing of the agent's is in the account's groups any more. */
	onGone(account: Account): void;
	log: Log;
};

type Kept = { launcher: Launcher; timer: NodeJS.Timeout | undefined };

export class Launchers implements Disposable {
	readonly #options: LaunchersOptions;
	/** By uid. */
	readonly #kept = new Map<number, Kept>();

	constructor(options: LaunchersOptions) {
		this.#options = options;
	}

	/** For programs of this account, in these control groups. */
	of(account: Account, groups: readonly string[]): Launcher {
		const known = this.#kept.get(account.uid);
		clearTimeout(known?.timer);
		if (known !== undefined) return known.launcher;
		const launcher = new Launcher(groups, (error) => this.#onLost(account, error));
		this.#kept.set(account.uid, { launcher, timer: undefined });
		return launcher;
	}

	/** The account has no session any more. */
	release(account: Account): void {
		const kept = this.#kept.get(account.uid);
		if (kept === undefined) return;
		clearTimeout(kept.timer);
		kept.timer = setTimeout(() => this.#end(account, kept), KEPT_MS);
	}

	[Symbol.dispose](): void {
		for (const { launcher, timer } of this.#kept.values()) {
			clearTimeout(timer);
			launcher[Symbol.dispose]();
		}
		this.#kept.clear();
	}

	#end(account: Account, { launcher }: Kept): void {
		launcher[Symbol.dispose]();
		this.#kept.delete(account.uid);
		this.#options.onGone(account);
	}

	#onLost(account: Account, error: Error | undefined): void {
		this.#options.log.error({ username: account.username, error }, "a launcher has ended");
		this.#kept.delete(account.uid);
		this.#options.onLost(account);
	}
}
