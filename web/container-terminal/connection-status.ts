/** Says how the connection is: the badge in the bar, and the cover over the stage where there is nothing to type into. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { Place } from "../../server/protocol/terminal.ts";
import type { ConnectionState } from "./gateway-connection.ts";

type Words = { title: string; text: string; action: string };

/** What a person who waits should read. Anything else shows the gateway's own words. */
const WAITING_WORDS: Partial<Record<WireError["code"], Words & { badge: string }>> = {
	POOL_FULL: {
		badge: "Waiting for a place",
		title: "All places are taken",
		text: "You are in the waiting room. You get the next place that becomes free.",
		action: "Stay on this page; it goes on by itself.",
	},
	POOL_STARTING: {
		badge: "Starting",
		title: "The containers are starting",
		text: "This takes a few seconds after the service was started.",
		action: "The page goes on by itself.",
	},
	CONTAINER_RESTARTING: {
		badge: "Container restarting",
		title: "Your container is being restarted",
		text: "Your files are safe. Programs that ran in it have ended.",
		action: "A new shell opens by itself in a moment.",
	},
	ENGINE_UNREACHABLE: {
		badge: "Engine down",
		title: "The container engine does not answer",
		text: "Shells cannot be opened at the moment. Your files are safe.",
		action: "The gateway keeps trying, and the page goes on by itself.",
	},
};

/** A connection that breaks for less than this is not worth covering the terminal for. */
const COVER_AFTER_MS = 2_500;

export class ConnectionStatus {
	readonly #badge = byId("connection");
	readonly #badgeText = this.#badge.querySelector(".connection-text");
	readonly #cover = byId("cover");
	#connection: ConnectionState = { kind: "connecting" };
	#place: Place | null = null;
	#brokenSince: number | null = null;
	#hasShownTerminal = false;

	/** `onRetry` is called where the person does not want to wait for the next attempt. */
	constructor(onRetry: () => void) {
		this.#badge.addEventListener("click", onRetry);
		byId("cover-button").addEventListener("click", onRetry);
		// The countdown.
		setInterval(() => {
			if (this.#connection.kind === "reconnecting") this.#draw();
		}, 250);
	}

	onConnection(state: ConnectionState): void {
		this.#connection = state;
		if (state.kind === "connected") this.#brokenSince = null;
		else this.#brokenSince ??= Date.now();
		this.#draw();
	}

	onPlace(place: Place): void {
		this.#place = place;
		if (place.kind === "ready") this.#hasShownTerminal = true;
		this.#draw();
	}

	#draw(): void {
		const { state, code, text } = this.#badgeWords();
		this.#badge.dataset.state = state;
		if (code === null) delete this.#badge.dataset.code;
		else this.#badge.dataset.code = code;
		if (this.#badgeText !== null) this.#badgeText.textContent = text;
		this.#badge.title = state === "reconnecting" ? "Reconnect now" : text;
		this.#drawCover();
	}

	#badgeWords(): { state: string; code: string | null; text: string } {
		const connection = this.#connection;
		switch (connection.kind) {
			case "connecting":
				return { state: "connecting", code: null, text: "Connecting…" };
			case "reconnecting":
				return { state: "reconnecting", code: null, text: `Reconnecting in ${secondsUntil(connection.at)} s` };
			case "refused":
				return { state: "offline", code: connection.error.code, text: "Not connected" };
			case "connected":
				break;
		}
		if (this.#place?.kind === "waiting") {
			const { code } = this.#place.error;
			return { state: "waiting", code, text: WAITING_WORDS[code]?.badge ?? "Waiting" };
		}
		const { roundTripMs } = connection;
		return { state: "connected", code: null, text: roundTripMs === null ? "Connected" : `${roundTrip(roundTripMs)}` };
	}

	#drawCover(): void {
		const words = this.#coverWords();
		this.#cover.hidden = words === null;
		if (words === null) return;
		setText("cover-title", words.title);
		setText("cover-text", words.text);
		setText("cover-action", words.action);
		byId("cover-button").hidden = this.#connection.kind !== "reconnecting";
		byId("cover-mark").dataset.mood = this.#connection.kind === "refused" ? "trouble" : "waiting";
	}

	#coverWords(): Words | null {
		const connection = this.#connection;
		if (connection.kind === "refused") return wordsOf(connection.error);
		if (connection.kind === "connected") {
			if (this.#place?.kind !== "waiting") return this.#place === null ? OPENING : null;
			return WAITING_WORDS[this.#place.error.code] ?? wordsOf(this.#place.error);
		}
		const isLong = Date.now() - (this.#brokenSince ?? Date.now()) > COVER_AFTER_MS;
		if (this.#hasShownTerminal || !isLong) return this.#hasShownTerminal ? null : OPENING;
		return {
			title: "The gateway does not answer",
			text: "The page keeps trying to reach it.",
			action: connection.kind === "reconnecting" ? `Next attempt in ${secondsUntil(connection.at)} s` : "Trying now…",
		};
	}
}

const OPENING: Words = { title: "Opening your terminal…", text: "Connecting to the gateway.", action: "" };

function wordsOf({ message, action }: WireError): Words {
	return { title: message, text: action, action: "" };
}

function roundTrip(ms: number): string {
	return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function secondsUntil(time: number): number {
	return Math.max(0, Math.ceil((time - Date.now()) / 1_000));
}

function setText(id: string, text: string): void {
	const node = byId(id);
	// Writing the same text again would make screen readers say it again.
	if (node.textContent !== text) node.textContent = text;
}

/** An element that the page's own HTML has. */
export function byId(id: string): HTMLElement {
	const found = document.getElementById(id);
	if (found === null) throw new Error(`the page has no #${id}`);
	return found;
}
