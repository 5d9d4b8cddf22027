/** Accounts of a pool container: a Linux user each, with a home on the shared volume. */
import { chmodSync, chownSync } from "node:fs";
import { join } from "node:path";
import { BerthError } from "../../server/protocol/errors.ts";
import type { Username } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { Accounts, Place } from "./accounts.ts";
import { type AccountEntry, readSystemIds, type SystemIds, writeAccountFiles } from "./extrausers.ts";
import { findHomeOf, isOwnFolder, makeHome } from "./home.ts";
import type { Log } from "./log.ts";

const ACCOUNT_FILES = "/run/extrausers";

export type LinuxAccountsOptions = { workspace: string; skeleton: string; shell: string; log: Log };

export class LinuxAccounts implements Accounts {
	readonly #options: LinuxAccountsOptions;
	readonly #system: SystemIds;
	readonly #byName = new Map<Username, AccountEntry>();
	readonly #nameByUid = new Map<number, Username>();
	/** One account is made at a time: what was checked stays true until it is made. */
	#queue: Promise<unknown> = Promise.resolve();

	/** Throws where the container's own folders are not as they must be. */
	constructor(options: LinuxAccountsOptions) {
		this.#options = options;
		this.#system = readSystemIds();
		chownSync(options.workspace, 0, 0);
		// Nobody but root makes or lists entries; everybody reaches the own home by name.
		chmodSync(options.workspace, 0o711);
		writeAccountFiles(ACCOUNT_FILES, []);
	}

	find(username: Username): Account | undefined {
		return this.#byName.get(username);
	}

	async ensure(account: Account): Promise<Place> {
		const home = join(this.#options.workspace, account.username);
		this.#refuseConflicts(account);
		if (!this.#byName.has(account.username) || !(await isOwnFolder(home, account.uid))) {
			await this.#oneAtATime(() => this.#make(account, home));
		}
		return { home };
	}

	async #make(account: Account, home: string): Promise<void> {
		const { workspace, skeleton, shell } = this.#options;
		this.#refuseConflicts(account);
		if (!(await isOwnFolder(home, account.uid))) {
			const other = await findHomeOf(workspace, account);
			if (other !== null) throw new BerthError("ACCOUNT_CONFLICT", { detail: `uid ${account.uid} owns ${other}` });
			await makeHome(workspace, account, skeleton);
		}
		if (this.#byName.has(account.username)) return;
		const { username, uid } = account;
		writeAccountFiles(ACCOUNT_FILES, [...this.#byName.values(), { username, uid, home, shell }]);
		this.#byName.set(username, { username, uid, home, shell });
		this.#nameByUid.set(uid, username);
		this.#options.log.info({ username, uid }, "account ready");
	}

	#refuseConflicts({ username, uid }: Account): void {
		const known = this.#byName.get(username);
		if (known?.uid === uid) return;
		if (known !== undefined) throw new BerthError("ACCOUNT_CONFLICT", { detail: `${username} has uid ${known.uid}` });
		const owner = this.#nameByUid.get(uid);
		if (owner !== undefined) throw new BerthError("ACCOUNT_CONFLICT", { detail: `uid ${uid} is ${owner}'s` });
		if (this.#system.names.has(username) || this.#system.ids.has(uid)) {
			throw new BerthError("ACCOUNT_CONFLICT", { detail: `${username} (${uid}) is an account of the image` });
		}
	}

	async #oneAtATime(work: () => Promise<void>): Promise<void> {
		const turn = this.#queue.then(work);
		this.#queue = turn.catch(() => {});
		await turn;
	}
}
