/**
 * What the browser keeps for this page. Where it keeps nothing (cookies blocked, private windows, a full disk), things
 * are remembered for as long as the page is open.
 */
export class PageStorage {
	/** Reading `localStorage` itself may throw. */
	readonly #open: () => Storage;
	readonly #memory = new Map<string, string>();

	constructor(open: () => Storage) {
		this.#open = open;
	}

	get(key: string): string | null {
		const remembered = this.#memory.get(key);
		if (remembered !== undefined) return remembered;
		return this.#try((storage) => storage.getItem(key)) ?? null;
	}

	/** False where it will be forgotten when the page is closed or reloaded. */
	set(key: string, value: string): boolean {
		const isKept = this.#try((storage) => {
			storage.setItem(key, value);
			return true;
		});
		if (isKept) this.#memory.delete(key);
		else this.#memory.set(key, value);
		return isKept === true;
	}

	remove(key: string): void {
		this.#memory.delete(key);
		this.#try((storage) => storage.removeItem(key));
	}

	#try<Result>(use: (storage: Storage) => Result): Result | undefined {
		try {
			return use(this.#open());
		} catch {
			return undefined;
		}
	}
}

/** For all visits on this device. */
export const deviceStorage = new PageStorage(() => localStorage);
/** For this tab of the browser; survives reloads. */
export const tabStorage = new PageStorage(() => sessionStorage);
