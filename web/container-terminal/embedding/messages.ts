/**
 * What the embedded terminal and the page around it say to each other by `postMessage`: see docs/embedding.md. Every
 * message is `{ berth: 1, type, … }`; what is of another version, or of no type below, is passed over.
 */
import type { TerminalSize } from "../../../server/protocol/session.ts";
import type { SignInEnd } from "../../../server/protocol/sign-in.ts";

/** Grows when a message changes so that earlier parents misunderstand it. */
export const EMBED_VERSION = 1;

/** To the page around. */
export type EmbedReport =
	/** It listens. Comes first. */
	| { type: "ready" }
	/** It cannot go on without a token. */
	| { type: "token-wanted" }
	/** Nobody sees the terminal any more; programs go on. `reason` is null where the gateway did not say why. */
	| { type: "signed-out"; reason: SignInEnd | null }
	/** The visible terminal has this grid now. */
	| ({ type: "resize" } & TerminalSize)
	/** A shell has ended; one of both is null. */
	| { type: "ended"; exitCode: number | null; signal: string | null };

/** From the page around. */
export type EmbedOrder =
	| { type: "token"; token: string }
	| { type: "focus" }
	/** To be run once the person has read it and agreed. */
	| { type: "run"; command: string };

/** As the API takes it. */
const MAX_TOKEN_LENGTH = 8 * 1024;
const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** What somebody can be asked to read. */
const MAX_COMMAND_LENGTH = 2_000;
/**
 * Control characters do what nobody sees, and invisible ones or those that turn the direction of text make it look like
 * another: of all these only the end of a line is let through, which is shown.
 */
const HIDDEN = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;

/** Null where it is no order, or one that cannot be carried out. */
export function parseOrder(data: unknown): EmbedOrder | null {
	const { berth, command, token, type }: Record<string, unknown> = Object(data);
	if (berth !== EMBED_VERSION) return null;
	switch (type) {
		case "token":
			return isToken(token) ? { type, token } : null;
		case "run":
			return isCommand(command) ? { type, command } : null;
		case "focus":
			return { type };
		default:
			return null;
	}
}

export function isToken(value: unknown): value is string {
	return typeof value === "string" && value.length <= MAX_TOKEN_LENGTH && TOKEN.test(value);
}

function isCommand(value: unknown): value is string {
	if (typeof value !== "string" || value.length > MAX_COMMAND_LENGTH) return false;
	return value.trim() !== "" && value.isWellFormed() && !HIDDEN.test(value);
}
