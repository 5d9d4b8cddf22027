/** The order of the tabs and which one is seen, as this device remembers them. */
import { deviceStorage } from "../shared/storage.ts";

/** Sessions by id; `active` is null where the visible tab had none. */
export type Layout = { active: string | null; order: readonly string[] };

const KEY = "berth.tabs";

export class TabLayout {
	#layout = read();

	get active(): string | null {
		return this.#layout.active;
	}

	/** Sessions in the order remembered; those that are new come last, as they came. */
	inOrder<Session extends { sessionId: string }>(sessions: readonly Session[]): Session[] {
		const place = ({ sessionId }: Session): number => {
			const index = this.#layout.order.indexOf(sessionId);
			return index < 0 ? Number.MAX_SAFE_INTEGER : index;
		};
		return sessions.toSorted((a, b) => place(a) - place(b));
	}

	remember(layout: Layout): void {
		const text = JSON.stringify(layout);
		if (text === JSON.stringify(this.#layout)) return;
		this.#layout = layout;
		deviceStorage.set(KEY, text);
	}
}

function read(): Layout {
	try {
		const { active, order }: Partial<Layout> = JSON.parse(deviceStorage.get(KEY) ?? "{}") ?? {};
		return {
			active: typeof active === "string" ? active : null,
			order: Array.isArray(order) ? order.filter((id) => typeof id === "string") : [],
		};
	} catch {
		return { active: null, order: [] };
	}
}

/** "shell" with the lowest number that no tab has. */
export function freeName(tabs: readonly { name: string }[]): string {
	const taken = new Set(tabs.map(({ name }) => name));
	for (let number = 1; ; number += 1) if (!taken.has(`shell ${number}`)) return `shell ${number}`;
}
