/** Who may have a shell here, and where each one's home is. */
import type { Username } from "../../server/protocol/ids.ts";
import type { Account } from "../../server/protocol/link.ts";

export interface Accounts {
	/**
	 * Makes the account and its home where they are missing; anything that is there already stays as it is.
	 * Throws `BerthError` ACCOUNT_CONFLICT where name, uid or home belong to somebody else: nothing was changed.
	 */
	ensure(account: Account): Promise<Place>;
	/** The account under this name, if it was ensured before. */
	find(username: Username): Account | undefined;
}

/** Where an account works. */
export type Place = { home: string };
