/** The terminal page: puts its parts together. */
import "@xterm/xterm/css/xterm.css";
import { byId } from "../shared/dom.ts";
import { applyPageTheme, onSystemTheme } from "../shared/page-theme.ts";
import { FONT_SIZE, SettingsStore } from "../shared/settings.ts";
import { askForClipboard } from "./clipboard-prompt.ts";
import { ClipboardManners } from "./clipboard-requests.ts";
import { ConnectionStatus } from "./connection-status.ts";
import { offerDebugHandle } from "./debug-handle.ts";
import { showShortcuts } from "./dialogs.ts";
import type { Embedding } from "./embedding/embedding.ts";
import { GatewayConnection, RequestFailure } from "./gateway-connection.ts";
import { offerGuestFiles } from "./guest-files-offer.ts";
import { forgetNotices, showNotice } from "./notices.ts";
import { PhoneKeys } from "./phone-keys.ts";
import { SearchBar } from "./search-bar.ts";
import { changedSecretWords } from "./secret-words.ts";
import type { SessionTab } from "./session-tab.ts";
import { showSettings } from "./settings-dialog.ts";
import { type Action, actionOf, SHORTCUTS, TAB_KEYS } from "./shortcuts.ts";
import { Tabs } from "./tabs.ts";
import { matchColours } from "./themes.ts";
import { followVisualViewport } from "./visual-viewport.ts";

/** Ends the address of the page where it is shown inside of another. */
const EMBED_PATH = "/embed";
const isEmbedded = location.pathname.endsWith(EMBED_PATH);
document.documentElement.toggleAttribute("data-embedded", isEmbedded);
let embedding: Embedding | null = null;
const settings = new SettingsStore();
const status = new ConnectionStatus({
	onRetry: () => connection.retryNow(),
	onOpen: () => tabs.open(),
	onReload: () => (embedding === null ? location.reload() : embedding.askForToken()),
	onSignIn: () => (embedding === null ? location.assign("sign-in") : embedding.askForToken()),
});
const connection = new GatewayConnection({
	isEmbedded,
	events: {
		onState: (state) => {
			status.onConnection(state);
			embedding?.onConnection(state);
			if (state.kind === "signed-out") forget();
			else if (state.kind !== "connected") tabs.onLost();
		},
		onWelcome: (welcome) => {
			status.onWelcome(welcome);
			void offerGuestFiles(welcome.method);
		},
		onPlace: (place) => {
			status.onPlace(place);
			if (place.kind === "ready") void tabs.onReady(place).catch(showFailure);
			else tabs.onLost();
		},
	},
});
connection.socket.on("disk", (disk) => status.onDisk(disk));
connection.socket.on("secrets:changed", (change) => {
	// Whoever has no shell yet will have it in the first.
	if (tabs.all.some(({ sessionId }) => sessionId !== null)) showNotice(changedSecretWords(change));
});
const phoneKeys = new PhoneKeys(byId("phone-keys"), {
	onText: (text) => tabs.active?.type(text),
	isApplicationMode: () => tabs.active?.view.terminal.modes.applicationCursorKeysMode ?? false,
});
const tabs = new Tabs({
	connection,
	stage: byId("stage"),
	strip: byId("tabs"),
	settings: () => settings.current,
	onNotice: showNotice,
	onCopy: (tab, text) => void copyForProgram(tab, text),
	takesKey,
	onReady: (isReady) => byId("new-tab").toggleAttribute("disabled", !isReady),
	onCount: (count) => status.onTabs(count),
	onGrid: (size) => embedding?.onGrid(size),
	onEnded: (ending) => embedding?.onEnded(ending),
	withStickyKeys: (text) => (text.length === 1 ? phoneKeys.apply(text) : text),
});
const clipboardManners = new ClipboardManners();
const search = new SearchBar({
	visible: () => tabs.active?.view.terminal ?? null,
	colours: () => matchColours(settings.current.theme),
	onClosed: focusTerminal,
});

const ACTIONS: Record<Action, () => void> = {
	copy: () => void copy(),
	paste: () => void paste(),
	search: () => search.open(),
	"new-tab": () => tabs.open(),
	"close-tab": () => void tabs.close(tabs.activeIndex),
	"rename-tab": () => tabs.renameActive(),
	"next-tab": () => tabs.step(1),
	"previous-tab": () => tabs.step(-1),
	"to-tabs": () => tabs.focusStrip(),
	larger: () => settings.change({ fontSize: settings.current.fontSize + 1 }),
	smaller: () => settings.change({ fontSize: settings.current.fontSize - 1 }),
	"usual-size": () => settings.change({ fontSize: FONT_SIZE.usual }),
	help: () => void showShortcuts(SHORTCUTS, TAB_KEYS).then(focusTerminal),
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

/** Unless somebody types elsewhere meanwhile: dialogs tell of their end a little late. */
function focusTerminal(): void {
	if (!(document.activeElement instanceof HTMLInputElement)) tabs.active?.view.focus();
}

async function copy(): Promise<void> {
	const selection = tabs.active?.view.terminal.getSelection() ?? "";
	if (selection !== "") await writeClipboard(selection);
}

/** A program asks; the person decides. */
async function copyForProgram(tab: SessionTab, text: string): Promise<void> {
	if (!clipboardManners.mayAsk(tab, performance.now())) return;
	const isAllowed = await askForClipboard(tab.name, text);
	clipboardManners.answered(tab, isAllowed, performance.now());
	if (isAllowed) await writeClipboard(text);
	focusTerminal();
}

async function writeClipboard(text: string): Promise<void> {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		showNotice("The browser does not allow copying here.");
	}
}

async function paste(): Promise<void> {
	const text = await readClipboard();
	if (text !== null) await tabs.active?.paste(text);
	else showNotice("The browser does not allow reading the clipboard here. Use its own menu to paste.");
	focusTerminal();
}

/** Null where the browser refuses, or has no clipboard to give: a page by plain HTTP gets none. */
async function readClipboard(): Promise<string | null> {
	try {
		return await navigator.clipboard.readText();
	} catch {
		return null;
	}
}

/** What can be tried again is, when the gateway says that there is a place; the rest the person should know. */
function showFailure(thrown: unknown): void {
	if (!(thrown instanceof RequestFailure)) throw thrown;
	if (!thrown.error.isRetryable) showNotice(`${thrown.error.message} ${thrown.error.action}`);
}

/** Somebody who is signed out shall see nothing of it, on whatever device that is. */
function forget(): void {
	tabs.forget();
	search.close();
	forgetNotices();
	for (const dialog of document.querySelectorAll("dialog")) dialog.close("");
}

/** Connects, once it is known for whom. */
async function begin(): Promise<void> {
	if (!isEmbedded) {
		connection.open();
		return;
	}
	const { Embedding } = await import("./embedding/embedding.ts");
	embedding = await Embedding.begin({ connection, active: () => tabs.active, onReplaced: forget });
}

function applySettings(): void {
	applyPageTheme(settings.current.theme);
	tabs.apply(settings.current);
}

// The browser's own paste, from its menu or a phone's, asks the same question as the shortcut.
byId("stage").addEventListener(
	"paste",
	(event) => {
		if (event.target instanceof HTMLInputElement) return;
		const text = event.clipboardData?.getData("text/plain") ?? "";
		event.preventDefault();
		event.stopPropagation();
		void tabs.active?.paste(text).then(focusTerminal);
	},
	{ capture: true },
);
document.addEventListener("keydown", (event) => {
	if (event.target instanceof HTMLInputElement || document.querySelector("dialog[open]") !== null) return;
	// Keys in the terminal come by the terminal.
	if (!(event.target instanceof HTMLTextAreaElement)) takesKey(event);
});
byId("new-tab").addEventListener("click", ACTIONS["new-tab"]);
byId("open-search").addEventListener("click", ACTIONS.search);
byId("open-help").addEventListener("click", ACTIONS.help);
byId("open-settings").addEventListener("click", () => void showSettings(settings).then(focusTerminal));
settings.onChange(applySettings);
onSystemTheme(applySettings);
applySettings();
followVisualViewport();
offerDebugHandle(tabs);
void begin();
