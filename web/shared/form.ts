/** Forms that are sent by script: one at a time, with what was refused said beside them. */
import type { ErrorCode, WireError } from "../../server/protocol/errors.ts";
import { ApiFailure } from "./api-client.ts";
import { setText } from "./dom.ts";

export type FormOptions = {
	/** Has a submit button, and an element of role `alert` for what goes wrong. */
	form: HTMLFormElement;
	/** Throws `ApiFailure`. */
	send(): Promise<void>;
	/** The field that a refusal is about: it gets the keyboard. */
	fieldOf?(code: ErrorCode): HTMLElement | null;
};

const COUNTDOWN_MS = 1_000;
const NO_BREAK_SPACE = "\u00a0";

/** Sends the form whenever it is submitted, unless it is being sent, or has to wait. */
export function sendByScript({ form, send, fieldOf }: FormOptions): void {
	const problem = partOf(form, '[role="alert"]');
	const button = partOf(form, '[type="submit"]');
	const fields = [...form.querySelectorAll("input, textarea")];
	let isBusy = false;
	form.addEventListener("input", () => markFault(fields, null));
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		if (isBusy) return;
		isBusy = true;
		// Disabled, it would lose the keyboard.
		button.ariaDisabled = "true";
		setText(problem, "");
		markFault(fields, null);
		const failure = await failureOf(send);
		if (failure !== null) {
			setText(problem, refusalWords(failure));
			const field = fieldOf?.(failure.code) ?? null;
			markFault(fields, field);
			field?.focus();
			await untilAllowed(failure, button);
		}
		button.ariaDisabled = null;
		isBusy = false;
	});
}

/** What a person reads of a refusal. */
export function refusalWords({ action, code, message, retryAfterMs }: WireError): string {
	if (code === "TOO_MANY_ATTEMPTS" && retryAfterMs !== undefined) {
		return `${message} Wait ${waitWords(retryAfterMs)}, then try again.`;
	}
	// What to do is in the message itself: which field, and what it must be.
	return code === "BAD_REQUEST" ? message : `${message} ${action}`;
}

/** Null where all went well; what is no refusal is a mistake of ours, and is thrown. */
export async function failureOf(send: () => Promise<void>): Promise<WireError | null> {
	try {
		await send();
		return null;
	} catch (thrown) {
		if (thrown instanceof ApiFailure) return thrown.error;
		throw thrown;
	}
}

/** Counts down on the button, where screen readers do not repeat it. */
async function untilAllowed({ retryAfterMs = 0 }: WireError, button: HTMLElement): Promise<void> {
	const words = button.textContent;
	const end = performance.now() + retryAfterMs;
	for (let left = retryAfterMs; left > 0; left = end - performance.now()) {
		setText(button, `Try again in ${waitWords(left)}`);
		await new Promise((resolve) => setTimeout(resolve, Math.min(left, COUNTDOWN_MS)));
	}
	setText(button, words);
}

function waitWords(ms: number): string {
	const seconds = Math.ceil(ms / 1_000);
	const words = seconds % 60 === 0 ? `${seconds / 60} min` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	return (seconds < 60 ? `${seconds} s` : words).replaceAll(" ", NO_BREAK_SPACE);
}

function markFault(fields: readonly Element[], fault: Element | null): void {
	for (const field of fields) field.ariaInvalid = field === fault ? "true" : null;
}

function partOf(form: HTMLFormElement, selector: string): HTMLElement {
	const found = form.querySelector<HTMLElement>(selector);
	if (found === null) throw new Error(`#${form.id} has no ${selector}`);
	return found;
}
