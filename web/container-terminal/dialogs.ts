/** What the terminal page asks and shows in dialogs. */
import { button, confirm, open, row } from "../shared/dialog.ts";
import { element } from "../shared/dom.ts";

export async function confirmClose(name: string): Promise<boolean> {
	const text = "The shell and everything that runs in it will end.";
	return await confirm({ title: `Close “${name}”?`, text, yes: "Close session", isDanger: true });
}

/**
 * Links come from whatever a program prints: only web addresses open, and only after a look at them, as the browser
 * reads them. What stands before an `@` is no host, and letters that look like others are not those.
 */
export async function confirmLink(address: string): Promise<void> {
	const link = URL.parse(address);
	if (link === null || !["http:", "https:"].includes(link.protocol)) return;
	const question = {
		title: `Open this link to ${link.host}?`,
		text: link.href,
		yes: "Open in a new tab",
		isCode: true,
	};
	if (await confirm(question)) window.open(link.href, "_blank", "noopener,noreferrer");
}

const MAX_PREVIEW = 600;

/** Each line of a paste is run as it arrives where the program does not ask for pastes to be marked. */
export async function confirmPaste(text: string): Promise<boolean> {
	const preview = text.length > MAX_PREVIEW ? `${text.slice(0, MAX_PREVIEW)}…` : text;
	return await confirm({ title: "Paste and run these lines?", text: preview, yes: "Paste", isCode: true });
}

export type ShortcutRow = { keys: string; does: string };

/** Groups of rows, with a line between them. */
export async function showShortcuts(...groups: readonly (readonly ShortcutRow[])[]): Promise<void> {
	const list = element("dl", { className: "shortcuts" });
	for (const [index, rows] of groups.entries()) {
		if (index > 0) list.append(element("div", { className: "shortcuts-break" }));
		for (const row of rows) list.append(...shortcutLine(row));
	}
	const close = button("Close", "button", "close");
	await open("Keyboard shortcuts", [list, row(close)], close);
}

function shortcutLine({ keys, does }: ShortcutRow): HTMLElement[] {
	const term = element("dt", {});
	term.append(...keys.split(" ").map((key) => element("kbd", { textContent: key })));
	return [term, element("dd", { textContent: does })];
}
