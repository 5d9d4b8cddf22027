/** Keys that the page takes. All need Ctrl+Shift or Ctrl with a key that no shell uses, so that programs keep theirs. */
import type { ShortcutRow } from "./dialogs.ts";

export type Action =
	| "copy"
	| "paste"
	| "search"
	| "new-tab"
	| "close-tab"
	| "rename-tab"
	| "next-tab"
	| "previous-tab"
	| "to-tabs"
	| "larger"
	| "smaller"
	| "usual-size"
	| "help";

/** What matters of a key that was pressed. */
export type KeyPress = Pick<KeyboardEvent, "altKey" | "code" | "ctrlKey" | "key" | "metaKey" | "shiftKey">;

type Shortcut = ShortcutRow & { action: Action; matches(event: KeyPress): boolean };

const withCtrlShift = (code: string) => (event: KeyPress) => event.ctrlKey && event.shiftKey && event.code === code;
const withCtrl =
	(...keys: string[]) =>
	(event: KeyPress) =>
		(event.ctrlKey || event.metaKey) && !event.altKey && keys.includes(event.key);
const withAltShift = (code: string) => (event: KeyPress) => event.altKey && event.shiftKey && event.code === code;

export const SHORTCUTS: readonly Shortcut[] = [
	{ action: "copy", keys: "Ctrl Shift C", does: "Copy the selection", matches: withCtrlShift("KeyC") },
	{ action: "paste", keys: "Ctrl Shift V", does: "Paste", matches: withCtrlShift("KeyV") },
	{ action: "search", keys: "Ctrl Shift F", does: "Search in this session", matches: withCtrlShift("KeyF") },
	{ action: "new-tab", keys: "Alt Shift T", does: "New session", matches: withAltShift("KeyT") },
	{ action: "close-tab", keys: "Alt Shift W", does: "Close this session", matches: withAltShift("KeyW") },
	{ action: "rename-tab", keys: "Alt Shift R", does: "Rename this session", matches: withAltShift("KeyR") },
	{ action: "next-tab", keys: "Alt Shift →", does: "Next session", matches: withAltShift("ArrowRight") },
	{ action: "previous-tab", keys: "Alt Shift ←", does: "Previous session", matches: withAltShift("ArrowLeft") },
	{ action: "to-tabs", keys: "Alt Shift ↑", does: "From the terminal to the tabs", matches: withAltShift("ArrowUp") },
	{ action: "larger", keys: "Ctrl +", does: "Larger text", matches: withCtrl("+", "=") },
	{ action: "smaller", keys: "Ctrl −", does: "Smaller text", matches: withCtrl("-") },
	{ action: "usual-size", keys: "Ctrl 0", does: "Usual text size", matches: withCtrl("0") },
	{ action: "help", keys: "Ctrl Shift ?", does: "This list", matches: withCtrlShift("Slash") },
];

/** Keys that work where a tab has the focus. */
export const TAB_KEYS: readonly ShortcutRow[] = [
	{ keys: "← →", does: "On a tab: the session beside it" },
	{ keys: "Ctrl ← →", does: "On a tab: move it" },
	{ keys: "F2", does: "On a tab, or double click: rename" },
	{ keys: "Del", does: "On a tab: close" },
	{ keys: "Esc", does: "On a tab: back to the terminal" },
];

export function actionOf(event: KeyPress): Action | null {
	return SHORTCUTS.find(({ matches }) => matches(event))?.action ?? null;
}
