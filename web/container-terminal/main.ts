/** The terminal page: puts its parts together. */
import "@xterm/xterm/css/xterm.css";
import { byId, ConnectionStatus } from "./connection-status.ts";
import { offerDebugHandle } from "./debug-handle.ts";
import { element, showShortcuts } from "./dialogs.ts";
import { GatewayConnection, RequestFailure } from "./gateway-connection.ts";
import { PhoneKeys } from "./phone-keys.ts";
import { SearchBar } from "./search-bar.ts";
import { FONT_SIZE, SettingsStore } from "./settings.ts";
import { showSettings } from "./settings-dialog.ts";
import { type Action, actionOf, HINTS, SHORTCUTS } from "./shortcuts.ts";
import { Tabs } from "./tabs.ts";
import { applyPageTheme, onSystemTheme } from "./themes.ts";

const NOTICE_MS = 8_000;

const settings = new SettingsStore();
const status = new ConnectionStatus(() => connection.retryNow());
const connection = new GatewayConnection({
	onState: (state) => {
		status.onConnection(state);
		if (state.kind !== "connected") tabs.onLost();
	},
	onWelcome: ({ isolation }) => {
		byId("isolation-banner").hidden = isolation !== "none";
	},
	onPlace: (place) => {
		status.onPlace(place);
		if (place.kind === "ready") void tabs.onReady().catch(showFailure);
		else tabs.onLost();
	},
});
const phoneKeys = new PhoneKeys(byId("phone-keys"), {
	onText: (text) => tabs.active?.type(text),
	isApplicationMode: () => tabs.active?.view.terminal.modes.applicationCursorKeysMode ?? false,
	onUsed: () => tabs.active?.view.focus(),
});
const tabs = new Tabs({
	connection,
	stage: byId("stage"),
	strip: byId("tabs"),
	settings: () => settings.current,
	onNotice: showNotice,
	takesKey,
	withStickyKeys: (text) => (text.length === 1 ? phoneKeys.apply(text) : text),
});
const search = new SearchBar(
	() => tabs.active?.view.terminal ?? null,
	() => tabs.active?.view.focus(),
);

const ACTIONS: Record<Action, () => void> = {
	copy,
	paste: () => void paste(),
	search: () => search.open(),
	"new-tab": () => tabs.open(),
	"close-tab": () => void tabs.close(tabs.activeIndex),
	"next-tab": () => tabs.step(1),
	"previous-tab": () => tabs.step(-1),
	larger: () => settings.change({ fontSize: settings.current.fontSize + 1 }),
	smaller: () => settings.change({ fontSize: settings.current.fontSize - 1 }),
	"usual-size": () => settings.change({ fontSize: FONT_SIZE.usual }),
	help: () => void showShortcuts([...SHORTCUTS, ...HINTS]).then(() => tabs.active?.view.focus()),
};

function takesKey(event: KeyboardEvent): boolean {
	const action = actionOf(event);
	if (action === null) return false;
	if (event.type === "keydown") {
		event.preventDefault();
		ACTIONS[action]();
	}
	return true;
}

function copy(): void {
	const selection = tabs.active?.view.terminal.getSelection() ?? "";
	if (selection === "") return;
	navigator.clipboard.writeText(selection).catch(() => showNotice("The browser does not allow copying here."));
}

async function paste(): Promise<void> {
	try {
		await tabs.active?.paste(await navigator.clipboard.readText());
	} catch {
		showNotice("The browser does not allow reading the clipboard here. Use its own menu to paste.");
	}
}

function showFailure(thrown: unknown): void {
	if (!(thrown instanceof RequestFailure)) throw thrown;
	if (!thrown.error.isRetryable) showNotice(`${thrown.error.message} ${thrown.error.action}`);
}

function showNotice(text: string): void {
	const notice = element("p", { className: "toast", textContent: text });
	byId("toasts").append(notice);
	setTimeout(() => notice.remove(), NOTICE_MS);
}

function applySettings(): void {
	applyPageTheme(settings.current.theme);
	tabs.apply(settings.current);
}

/** Phones draw their keyboard over the page: what is left is the visual viewport. */
function followVisualViewport(): void {
	const { visualViewport: viewport } = window;
	if (viewport === null) return;
	const follow = (): void => {
		document.documentElement.style.setProperty("--visible-height", `${viewport.height}px`);
	};
	viewport.addEventListener("resize", follow);
	follow();
}

// The browser's own paste, from its menu or a phone's, asks the same question as the shortcut.
byId("stage").addEventListener(
	"paste",
	(event) => {
		const text = event.clipboardData?.getData("text/plain") ?? "";
		event.preventDefault();
		event.stopPropagation();
		void tabs.active?.paste(text);
	},
	{ capture: true },
);
document.addEventListener("keydown", (event) => {
	if (event.target instanceof HTMLInputElement || document.querySelector("dialog[open]") !== null) return;
	if (!byId("stage").contains(event.target as Node)) takesKey(event);
});
byId("new-tab").addEventListener("click", () => tabs.open());
byId("open-search").addEventListener("click", () => search.open());
byId("open-help").addEventListener("click", () => ACTIONS.help());
byId("open-settings").addEventListener("click", () => {
	void showSettings(settings).then(() => tabs.active?.view.focus());
});
settings.onChange(applySettings);
onSystemTheme(applySettings);
applySettings();
followVisualViewport();
offerDebugHandle(tabs);
connection.open();
