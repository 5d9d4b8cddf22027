/** `window.berth`: what the page shows, and typing into it, for tests and for the curious. */
import { dumpScreen, type ScreenDump } from "./screen-dump.ts";
import type { Tabs } from "./tabs.ts";

declare global {
	interface Window {
		berth: {
			/** The visible terminal's whole buffer; lines that it wrapped are joined. */
			activeText(): string;
			/** All of the visible terminal; null where there is none. */
			screen(): ScreenDump | null;
			/** As if it had been typed. */
			type(text: string): void;
			sessions(): { sessionId: string | null; name: string; state: string }[];
		};
	}
}

export function offerDebugHandle(tabs: Tabs): void {
	window.berth = {
		activeText: () => tabs.active?.view.text() ?? "",
		screen: () => (tabs.active === null ? null : dumpScreen(tabs.active.view.terminal)),
		type: (text) => tabs.active?.type(text),
		sessions: () => tabs.all.map(({ sessionId, name, state }) => ({ sessionId, name, state: state.kind })),
	};
}
