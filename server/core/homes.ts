/** Takes the owners of the homes on the volume over, before anybody is given a uid. */
import type { AccountStore } from "./accounts.ts";
import type { Link } from "./link/link.ts";
import type { Log } from "./log.ts";

/**
 * Returns a function that asks an agent for all homes and records them; once done it does nothing more, since every
 * container has the same volume. Until then no container takes users: a uid that is given out while its number already
 * owns a home would open that home to a stranger.
 */
export function homesRecorder(accounts: AccountStore, log: Log): (link: Link) => Promise<void> {
	let recording: Promise<void> | null = null;
	return async (link) => {
		recording ??= recordAll(accounts, link, log);
		try {
			await recording;
		} catch (error) {
			recording = null;
			throw error;
		}
	};
}

async function recordAll(accounts: AccountStore, link: Link, log: Log): Promise<void> {
	let after: string | null = "";
	let count = 0;
	while (after !== null) {
		const page: { homes: Parameters<AccountStore["recordHomes"]>[0]; next: string | null } = await link.request({
			op: "homes",
			after,
		});
		count += page.homes.length;
		for (const home of accounts.recordHomes(page.homes)) {
			log.error(home, "a home's owner contradicts the database; its user cannot open sessions until that is mended");
		}
		after = page.next;
	}
	log.info({ homes: count }, "homes on the volume are known");
}
