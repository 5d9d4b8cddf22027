/** What a person reads about the connection: on the badge, and on the cover where there is nothing to type into. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { SignInEnd } from "../../server/protocol/sign-in.ts";
import type { Place } from "../../server/protocol/terminal.ts";
import type { ConnectionState } from "./gateway-connection.ts";

export type Badge = {
	state: "connected" | "reconnecting" | "waiting" | "offline";
	/** Why, where the gateway said so. */
	code: WireError["code"] | null;
	text: string;
};

export type Cover = {
	mood: "busy" | "waiting" | "trouble" | "empty";
	title: string;
	text: string;
	action: string;
	/** What the button does; null where there is nothing to do but wait. */
	button: "retry" | "reload" | "open" | "sign-in" | null;
};

/** What the page knows of its connection; `place` is null until the gateway has said it. */
export type Situation = {
	connection: ConnectionState;
	place: Place | null;
	/** Tabs that are there to be looked at. */
	tabs: number;
	/** Unix time since which there has been no connection, ms. */
	brokenSince: number | null;
	now: number;
};

type WaitingWords = Pick<Cover, "mood" | "title" | "text" | "action"> & { badge: string };

/** What a person who waits should read. Anything else shows the gateway's own words. */
const WAITING_WORDS: Partial<Record<WireError["code"], WaitingWords>> = {
	POOL_FULL: {
		badge: "Waiting for a place",
		mood: "waiting",
		title: "All places are taken",
		text: "You are in the waiting room, and get the next place that becomes free.",
		action: "Keep this page open. It goes on by itself.",
	},
	POOL_STARTING: {
		badge: "Starting",
		mood: "busy",
		title: "The containers are starting",
		text: "This takes a few seconds after the service was started.",
		action: "The page goes on by itself.",
	},
	CONTAINER_RESTARTING: {
		badge: "Container restarting",
		mood: "busy",
		title: "Your container is being restarted",
		text: "Your files are safe. Programs that ran in it have ended.",
		action: "A new shell opens by itself in a moment.",
	},
	ENGINE_UNREACHABLE: {
		badge: "Engine down",
		mood: "trouble",
		title: "The container engine does not answer",
		text: "Shells cannot be reached at the moment. Your files are safe.",
		action: "The gateway keeps trying, and the page goes on by itself.",
	},
};

const OPENING: Cover = { mood: "busy", title: "Opening your terminal", text: "", action: "", button: null };

/** A connection that breaks for less than this is not worth a word. */
const WORTH_A_WORD_MS = 1_500;

export function badgeOf({ connection, now, place }: Situation): Badge {
	switch (connection.kind) {
		case "connecting":
			return { state: "reconnecting", code: null, text: "Connecting…" };
		case "reconnecting":
			return {
				state: "reconnecting",
				code: connection.refusal?.code ?? null,
				text: `Reconnecting in ${secondsUntil(connection.at, now)} s`,
			};
		case "refused":
			return { state: "offline", code: connection.error.code, text: "Not connected" };
		case "signed-out":
			return { state: "offline", code: null, text: "Signed out" };
		case "token-wanted":
			return { state: "waiting", code: null, text: "Signing in" };
		case "connected":
			break;
	}
	if (place?.kind === "waiting") {
		const { code } = place.error;
		return { state: "waiting", code, text: WAITING_WORDS[code]?.badge ?? "Waiting" };
	}
	const { roundTripMs } = connection;
	return { state: "connected", code: null, text: roundTripMs === null ? "Connected" : roundTrip(roundTripMs) };
}

/** Null where the terminal itself is to be seen. */
export function coverOf(situation: Situation): Cover | null {
	const { connection, place, tabs } = situation;
	if (connection.kind === "refused") {
		const button = connection.error.code === "UNAUTHENTICATED" ? "sign-in" : "reload";
		return { ...wordsOf(connection.error), mood: "trouble", button };
	}
	if (connection.kind === "signed-out") return signedOut(connection.why);
	if (connection.kind === "token-wanted") return TOKEN_WANTED;
	if (connection.kind === "connected" && place?.kind === "waiting") {
		const words = WAITING_WORDS[place.error.code] ?? { ...wordsOf(place.error), mood: "trouble" as const };
		return { ...words, button: null };
	}
	if (tabs > 0) return null;
	if (connection.kind === "connected") return place === null ? OPENING : NO_SESSION;
	if (!isLongBroken(situation)) return OPENING;
	const { refusal } = connection;
	const words = refusal === undefined ? NO_ANSWER : wordsOf(refusal);
	return { ...words, mood: "trouble", action: nextAttempt(situation), button: "retry" };
}

/** Said above a terminal whose connection broke; null where there is no need to. */
export function lostWordsOf(situation: Situation): string | null {
	if (situation.tabs === 0 || !isLongBroken(situation)) return null;
	const { connection } = situation;
	const why = "refusal" in connection && connection.refusal !== undefined ? ` ${connection.refusal.message}` : "";
	return `Connection lost.${why} Programs go on, and what you type is sent later. ${nextAttempt(situation)}`;
}

const TOKEN_WANTED: Cover = {
	mood: "waiting",
	title: "Waiting to be signed in",
	text: "The page that this terminal is part of has not said yet who it is for.",
	action: "",
	button: null,
};

const SIGNED_OUT_WORDS: Record<SignInEnd, string> = {
	"signed-out": "You have signed out in this browser.",
	"ended-elsewhere": "Your sign-in was ended, by you from elsewhere or by an operator.",
	expired: "Your sign-in had lasted as long as one may.",
	replaced: "This browser has signed in anew.",
	disabled: "Your access has been switched off. Ask an operator.",
	issuer: "The service that signed you in has signed you out.",
};

function signedOut(why: SignInEnd | null): Cover {
	return {
		mood: "empty",
		title: "You are signed out",
		text: why === null ? "Your sign-in has ended." : SIGNED_OUT_WORDS[why],
		action: why === "disabled" ? "Your files are kept." : "What runs in your shells goes on.",
		button: why === "disabled" ? null : "sign-in",
	};
}

const NO_ANSWER = { title: "The gateway does not answer", text: "The page keeps trying to reach it." };

const NO_SESSION: Cover = {
	mood: "empty",
	title: "No session is open",
	text: "The last one was closed. Your files are where you left them.",
	action: "",
	button: "open",
};

function isLongBroken({ brokenSince, connection, now }: Situation): boolean {
	const isBroken = connection.kind === "reconnecting" || connection.kind === "connecting";
	return isBroken && brokenSince !== null && now - brokenSince > WORTH_A_WORD_MS;
}

function nextAttempt({ connection, now }: Situation): string {
	return connection.kind === "reconnecting" ? `Next attempt in ${secondsUntil(connection.at, now)} s.` : "Trying now…";
}

function wordsOf({ message, action }: WireError): Pick<Cover, "title" | "text" | "action"> {
	return { title: message.replace(/\.$/, ""), text: action, action: "" };
}

function roundTrip(ms: number): string {
	return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function secondsUntil(time: number, now: number): number {
	return Math.max(0, Math.ceil((time - now) / 1_000));
}
