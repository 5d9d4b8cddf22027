/** Questions in dialogs of the page's own. */
import { element } from "./dom.ts";

export type Question = {
	title: string;
	text: string;
	yes: string;
	isDanger?: boolean;
	/** The text is somebody's own, to be shown as it is. */
	isCode?: boolean;
};

/** Asks, and resolves with whether the answer was yes. Escape is no. */
export async function confirm({ title, text, yes, isDanger, isCode }: Question): Promise<boolean> {
	const body = element("p", { className: isCode ? "dialog-text dialog-code" : "dialog-text", textContent: text });
	const no = button("Cancel", "button button-quiet", "no");
	const ok = button(yes, isDanger ? "button button-danger" : "button", "yes");
	return (await open(title, [body, row(no, ok)], ok)) === "yes";
}

/** Shows `content` under `title` until it is closed; resolves with the button's value, empty for Escape. */
export async function open(title: string, content: readonly Node[], focus: HTMLElement): Promise<string> {
	const dialog = element("dialog", { className: "dialog" });
	const form = element("form", { method: "dialog" });
	form.append(element("h2", { textContent: title }), ...content);
	dialog.append(form);
	dialog.setAttribute("aria-label", title);
	document.body.append(dialog);
	dialog.showModal();
	focus.focus();
	// A click beside the dialog closes it.
	dialog.addEventListener("click", (event) => {
		if (event.target === dialog) dialog.close("");
	});
	await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
	dialog.remove();
	return dialog.returnValue;
}

export function button(text: string, className: string, value: string): HTMLButtonElement {
	return element("button", { textContent: text, className, value, type: "submit" });
}

export function row(...children: Node[]): HTMLElement {
	const line = element("div", { className: "dialog-row" });
	line.append(...children);
	return line;
}
