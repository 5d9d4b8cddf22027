/** The question whether a program may write to the clipboard. It takes no key from the terminal and never changes. */
import { byId, element, setText } from "../shared/dom.ts";

/** Somebody who was about to click elsewhere shall not have answered. */
const CAREFUL_MS = 600;
/** Who does not answer by then does not want it. */
const PATIENCE_MS = 30_000;
/** It scrolls; the rest is told by its length. */
const MAX_PREVIEW = 4_000;

/** Resolves with whether the person wants `text` on the clipboard. */
export async function askForClipboard(name: string, text: string): Promise<boolean> {
	const title = `“${name}” wants to copy to your clipboard`;
	const shown = text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}…` : text;
	const no = element("button", {
		className: "button button-small button-quiet",
		type: "button",
		textContent: "Ignore",
	});
	const yes = element("button", { className: "button button-small", type: "button", textContent: "Copy" });
	const buttons = element("div", { className: "dialog-row" });
	buttons.append(element("span", { className: "question-size", textContent: sizeWords(text) }), no, yes);
	const question = element("div", { className: "toast is-lasting question", role: "group", ariaLabel: title });
	question.dataset.testid = "clipboard-question";
	question.append(
		element("p", { textContent: title }),
		element("p", { className: "dialog-text dialog-code question-text", textContent: shown, dir: "ltr" }),
		buttons,
	);
	byId("toasts").prepend(question);
	setText(byId("announcer"), `${title}.`);
	const answer = await answerOf(yes, no);
	question.remove();
	return answer;
}

async function answerOf(yes: HTMLButtonElement, no: HTMLButtonElement): Promise<boolean> {
	yes.disabled = true;
	const careful = setTimeout(() => {
		yes.disabled = false;
	}, CAREFUL_MS);
	const { promise, resolve } = Promise.withResolvers<boolean>();
	yes.addEventListener("click", () => resolve(true), { once: true });
	no.addEventListener("click", () => resolve(false), { once: true });
	const patience = setTimeout(() => resolve(false), PATIENCE_MS);
	return await promise.finally(() => {
		clearTimeout(careful);
		clearTimeout(patience);
	});
}

function sizeWords(text: string): string {
	const lines = text.trimEnd().split("\n").length;
	return `${text.length} characters${lines > 1 ? `, ${lines} lines` : ""}`;
}
