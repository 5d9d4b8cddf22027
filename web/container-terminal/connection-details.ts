/** The small card behind the connection badge: who one is, where one's shells run, how far away that is. */
import type { DiskState } from "../../server/protocol/account-limits.ts";
import type { Welcome } from "../../server/protocol/terminal.ts";
import { byId, setText } from "../shared/dom.ts";
import { badgeOf, type Situation } from "./connection-words.ts";
import { diskWords } from "./disk-words.ts";

export class ConnectionDetails {
	readonly #card = byId("details");

	get isOpen(): boolean {
		return this.#card.matches(":popover-open");
	}

	/** Below the badge, within the page. */
	open(badge: HTMLElement): void {
		const { bottom, right } = badge.getBoundingClientRect();
		this.#card.style.top = `${bottom + 8}px`;
		this.#card.style.right = `${Math.max(8, innerWidth - right)}px`;
		this.#card.togglePopover();
	}

	draw(situation: Situation, welcome: Welcome | null, disk: DiskState | null): void {
		const { connection, place, tabs } = situation;
		const isConnected = connection.kind === "connected";
		const roundTripMs = isConnected ? connection.roundTripMs : null;
		const { state, text } = badgeOf(situation);
		setText(byId("details-state"), state === "connected" ? "Connected" : text);
		setText(byId("details-user"), welcome?.user.username ?? "–");
		setText(byId("details-place"), placeWords(situation, welcome));
		setText(byId("details-round-trip"), roundTripMs === null ? "–" : `${roundTripMs.toFixed(1)} ms`);
		setText(byId("details-sessions"), welcome === null ? "–" : `${tabs} of ${welcome.sessionsPerUser}`);
		setText(byId("details-disk"), disk === null ? "–" : diskWords(disk));
		this.#card.dataset.place = place?.kind ?? "unknown";
	}
}

function placeWords({ place }: Situation, welcome: Welcome | null): string {
	if (place?.kind !== "ready") return "–";
	return welcome?.isolation === "none" ? "this machine, without isolation" : place.container;
}
