/** `window.berth`: what the page shows, and typing into it, for tests and for the curious. */
import type { Tabs } from "./tabs.ts";

declare global {
	interface Window {
		berth: {
			/** The visible terminal's whole buffer; lines that it wrapped are joined. */
			activeText(): string;
			/** As if it had been typed. */
			type(text: string): void;
			sessions(): { sessionId: string | null; name: string; state: string }[];
		};
	}
}

export function offerDebugHandle(tabs: Tabs): void {
	window.berth = {
		activeText: () => tabs.active?.view.text() ?? "",
		type: (text) => tabs.active?.type(text),
		sessions: () => tabs.all.map(({ sessionId, name, state }) => ({ sessionId, name, state: state.kind })),
	};
}
