/** The question whether a command of the page around may be run: it shows the whole of it, and never runs by itself. */
import { button, open, row } from "../../shared/dialog.ts";
import { element } from "../../shared/dom.ts";

/** Somebody who was about to click or type elsewhere shall not have answered. */
const CAREFUL_MS = 600;
/** Rounding of scroll positions, px. */
const AT_END_PX = 2;

/** Resolves with whether the person wants it run. */
export async function confirmRun(command: string, shell: string): Promise<boolean> {
	const text = element("pre", { className: "dialog-text dialog-code", tabIndex: 0, ariaLabel: "Command" });
	text.append(...linesOf(command));
	const no = button("Cancel", "button button-quiet", "no");
	const yes = button("Run", "button", "yes");
	yes.disabled = true;
	const words = element("p", { textContent: `The page around this terminal asks for it, in “${shell}”, as you.` });
	const opened = open("Run this command?", [words, text, row(no, yes)], no);
	const stop = allowOnceRead(text, yes);
	return (await opened.finally(stop)) === "yes";
}

/** Each end of a line can be seen, and none is taken for a wrapped one. */
function linesOf(command: string): Node[] {
	return command.split("\n").flatMap((line, index) => {
		const end = element("span", { className: "line-end", textContent: "⏎\n", ariaLabel: "new line" });
		return index === 0 ? [document.createTextNode(line)] : [end, document.createTextNode(line)];
	});
}

/** What is longer than its box has to be scrolled to its end. Returns what stops waiting for it. */
function allowOnceRead(text: HTMLElement, yes: HTMLButtonElement): () => void {
	let isCareful = true;
	const look = (): void => {
		const isRead = text.scrollTop + text.clientHeight >= text.scrollHeight - AT_END_PX;
		if (isRead && !isCareful) yes.disabled = false;
	};
	const careful = setTimeout(() => {
		isCareful = false;
		look();
	}, CAREFUL_MS);
	text.addEventListener("scroll", look);
	return () => clearTimeout(careful);
}
