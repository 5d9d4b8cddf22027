/** Accounts of local mode: none. Each user has a folder of the agent's own user, and nothing keeps them apart. */
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BerthError } from "../../server/protocol/errors.ts";
import type { Username } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";
import type { Accounts, Place } from "./accounts.ts";
import { isOwnFolder } from "./home.ts";

export class LocalAccounts implements Accounts {
	readonly #workspace: string;
	readonly #skeleton: string;
	readonly #known = new Map<Username, Account>();

	constructor(options: { workspace: string; skeleton: string }) {
		this.#workspace = options.workspace;
		this.#skeleton = options.skeleton;
	}

	find(username: Username): Account | undefined {
		return this.#known.get(username);
	}

	async ensure(account: Account): Promise<Place> {
		const home = join(this.#workspace, account.username);
		const ownUid = process.getuid?.();
		if (ownUid === undefined) throw new BerthError("INTERNAL", { detail: "this system has no users" });
		if (!(await isOwnFolder(home, ownUid))) {
			await mkdir(home, { recursive: true, mode: 0o700 });
			await cp(this.#skeleton, home, { recursive: true, force: false });
		}
		this.#known.set(account.username, account);
		return { home };
	}
}
