/** Shows how the connection is: the badge in the bar, the cover over the stage, the strip above a terminal that waits. */
import type { DiskState } from "../../server/protocol/account-limits.ts";
import type { Place, Welcome } from "../../server/protocol/terminal.ts";
import { byId, mayTakeFocus, setText } from "../shared/dom.ts";
import { ConnectionDetails } from "./connection-details.ts";
import { type Badge, badgeOf, type Cover, coverOf, lostWordsOf, type Situation } from "./connection-words.ts";
import { DiskNotice } from "./disk-notice.ts";
import { diskWarning } from "./disk-words.ts";
import type { ConnectionState } from "./gateway-connection.ts";

export type StatusEvents = {
	/** The person does not want to wait for the next attempt. */
	onRetry(): void;
	/** The person wants a session where there is none. */
	onOpen(): void;
	onReload(): void;
	onSignIn(): void;
};

const COUNTDOWN_MS = 250;
const BUTTON_WORDS = {
	retry: "Reconnect now",
	reload: "Reload the page",
	open: "Open a session",
	"sign-in": "Sign in",
};
/** What screen readers say when the connection comes to another state. */
const ANNOUNCEMENTS: Record<Badge["state"], string> = {
	connected: "Connected.",
	reconnecting: "Connection lost. Reconnecting.",
	waiting: "Waiting.",
	offline: "Not connected.",
};

export class ConnectionStatus {
	readonly #events: StatusEvents;
	readonly #badge = byId("connection");
	readonly #details = new ConnectionDetails();
	#connection: ConnectionState = { kind: "connecting" };
	#place: Place | null = null;
	#welcome: Welcome | null = null;
	#disk: DiskState | null = null;
	readonly #diskNotice = new DiskNotice();
	#brokenSince: number | null = Date.now();
	#tabs = 0;
	/** Null until there was anything to say: a page that is just opening is not "lost". */
	#announced: Badge["state"] | null = null;
	#button: Cover["button"] = null;

	constructor(events: StatusEvents) {
		this.#events = events;
		byId("cover-button").addEventListener("click", () => this.#onCoverButton());
		byId("lost-retry").addEventListener("click", () => events.onRetry());
		this.#badge.addEventListener("click", () => {
			this.#details.open(this.#badge);
			this.#draw();
		});
		setInterval(() => {
			if (this.#connection.kind !== "connected") this.#draw();
		}, COUNTDOWN_MS);
	}

	onConnection(connection: ConnectionState): void {
		this.#connection = connection;
		if (connection.kind === "connected") this.#brokenSince = null;
		else this.#brokenSince ??= Date.now();
		this.#draw();
		// What had it is gone.
		if (connection.kind === "signed-out" && mayTakeFocus()) byId("cover-button").focus();
	}

	onPlace(place: Place): void {
		this.#place = place;
		this.#draw();
	}

	onWelcome(welcome: Welcome): void {
		this.#welcome = welcome;
		byId("isolation-banner").hidden = welcome.isolation !== "none";
	}

	onDisk(disk: DiskState): void {
		this.#disk = disk;
		this.#diskNotice.show(diskWarning(disk));
		this.#draw();
	}

	/** How many tabs there are. */
	onTabs(count: number): void {
		if (count === this.#tabs) return;
		this.#tabs = count;
		this.#draw();
	}

	#draw(): void {
		const situation: Situation = {
			connection: this.#connection,
			place: this.#place,
			tabs: this.#tabs,
			brokenSince: this.#brokenSince,
			now: Date.now(),
		};
		const badge = badgeOf(situation);
		this.#drawBadge(badge);
		this.#announce(badge);
		this.#drawCover(coverOf(situation));
		this.#drawLost(lostWordsOf(situation));
		if (this.#details.isOpen) this.#details.draw(situation, this.#welcome, this.#disk);
	}

	#drawBadge({ code, state, text }: Badge): void {
		this.#badge.dataset.state = state;
		if (code === null) delete this.#badge.dataset.code;
		else this.#badge.dataset.code = code;
		setText(byId("connection-text"), text);
		this.#badge.ariaLabel = state === "connected" ? `Connected, round trip ${text}` : text;
	}

	#announce({ state, text }: Badge): void {
		if (state === this.#announced || (this.#announced === null && state === "reconnecting")) return;
		this.#announced = state;
		setText(byId("announcer"), state === "waiting" ? text : ANNOUNCEMENTS[state]);
	}

	#drawCover(cover: Cover | null): void {
		byId("cover").hidden = cover === null;
		if (cover === null) return;
		setText(byId("cover-title"), cover.title);
		setText(byId("cover-text"), cover.text);
		setText(byId("cover-action"), cover.action);
		byId("cover-mark").dataset.mood = cover.mood;
		this.#button = cover.button;
		byId("cover-button").hidden = cover.button === null;
		if (cover.button !== null) setText(byId("cover-button"), BUTTON_WORDS[cover.button]);
	}

	#drawLost(words: string | null): void {
		byId("lost").hidden = words === null;
		byId("stage").classList.toggle("is-lost", words !== null);
		if (words !== null) setText(byId("lost-text"), words);
	}

	#onCoverButton(): void {
		if (this.#button === "retry") this.#events.onRetry();
		else if (this.#button === "reload") this.#events.onReload();
		else if (this.#button === "sign-in") this.#events.onSignIn();
		else if (this.#button === "open") this.#events.onOpen();
	}
}
