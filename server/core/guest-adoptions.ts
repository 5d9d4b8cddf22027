/** Gives a guest's files to the member that the same browser has become. */
import type { UserId } from "../protocol/ids.ts";
import type { Log } from "./log.ts";
import type { Places } from "./places.ts";
import type { User, UserStore } from "./users.ts";

export type GuestAdoptionsOptions = {
	users: Pick<UserStore, "find">;
	places: Pick<Places, "adopt">;
	/** Lets go of the pages that the guest has open. */
	dropPages(userId: UserId): void;
	log: Log;
};

export class GuestAdoptions {
	readonly #options: GuestAdoptionsOptions;
	/** By the guest: whoever asks twice gets the second answer after the first. */
	readonly #running = new Map<UserId, Promise<unknown>>();

	constructor(options: GuestAdoptionsOptions) {
		this.#options = options;
	}

	/**
	 * Returns where the files are now, e.g. `~` or `~/guest-2026-11-21`. Throws `BerthError` as `Places.locate` says, or
	 * NO_ROOM; then the guest still has them, or asking again goes on.
	 */
	async adopt(guest: User, member: User): Promise<string> {
		const before = this.#running.get(guest.userId);
		const adopting = (before ?? Promise.resolve()).catch(() => {}).then(() => this.#adopt(guest, member));
		this.#running.set(guest.userId, adopting);
		try {
			return await adopting;
		} finally {
			if (this.#running.get(guest.userId) === adopting) this.#running.delete(guest.userId);
		}
	}

	async #adopt(guest: User, member: User): Promise<string> {
		const { dropPages, log, places, users } = this.#options;
		// Guests are written down when they get a place: without one there are no files.
		if (users.find(guest.userId) === null) return HOME;
		const folder = await places.adopt(guest, member, () => dropPages(guest.userId));
		log.info({ guest: guest.userId, userId: member.userId, folder }, "a guest's files were adopted");
		return folder === null || folder === "" ? HOME : `${HOME}/${folder}`;
	}
}

const HOME = "~";
