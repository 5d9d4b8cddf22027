/** All sessions of the page: which there are, which one is seen, and that they are what the gateway says they are. */
import type { WireError } from "../../server/protocol/errors.ts";
import type { SessionInfo, TerminalSize } from "../../server/protocol/session.ts";
import type { Place } from "../../server/protocol/terminal.ts";
import type { Settings } from "../shared/settings.ts";
import { confirmClose } from "./dialogs.ts";
import { newPageId } from "./page-id.ts";
import { routeSessionEvents } from "./session-events.ts";
import { SessionOrders } from "./session-orders.ts";
import { type Ending, SessionTab, type TabOptions } from "./session-tab.ts";
import { freeName, TabLayout } from "./tab-layout.ts";
import { TabStrip } from "./tab-strip.ts";

export type TabsOptions = Pick<TabOptions, "connection" | "stage" | "onNotice" | "takesKey" | "withStickyKeys"> & {
	strip: HTMLElement;
	settings(): Settings;
	/** A session's program wants this text on the clipboard. */
	onCopy(tab: SessionTab, text: string): void;
	/** Whether there is any tab at all. */
	onCount(count: number): void;
	/** Whether sessions can be opened. */
	onReady(isReady: boolean): void;
	/** The grid of the terminal that is seen. */
	onGrid(size: TerminalSize): void;
	onEnded(ending: Ending): void;
};

const LOST = "the container was restarted; your files are safe, and this is a new shell";

export class Tabs {
	readonly #options: TabsOptions;
	readonly #strip: TabStrip;
	readonly #pageId = newPageId();
	readonly #layout = new TabLayout();
	readonly #orders: SessionOrders;
	#tabs: SessionTab[] = [];
	#active: SessionTab | null = null;
	/** The gateway has confirmed a place: sessions can be opened and attached. */
	#isReady = false;
	#generation: string | null = null;
	/** Sessions announced while this page was opening one: they may be that one. */
	#unclaimed: SessionInfo[] = [];
	/** Closed here: news of them that crossed the request are old. */
	readonly #closed = new Set<string>();

	constructor(options: TabsOptions) {
		this.#options = options;
		this.#orders = new SessionOrders(options.connection, options.onNotice);
		this.#strip = new TabStrip(options.strip, {
			onSelect: (index) => this.select(index),
			onClose: (index) => void this.close(index),
			onRename: (index, name) => this.#rename(index, name),
			onMove: (from, to) => this.#move(from, to),
			onSignal: (sessionId, signal) => this.#orders.signal(sessionId, signal),
			onLeave: () => this.#active?.view.focus(),
		});
		routeSessionEvents(options.connection, {
			find: (sessionId) => this.#find(sessionId),
			onChanged: (session) => this.#onChanged(session),
			onClosed: (tab) => this.#remove(tab),
			onLost: (tab) => tab.lose(LOST),
			onUnattached: () => this.#onUnattached(),
		});
		document.addEventListener("visibilitychange", () => this.#active?.onSeen());
	}

	get active(): SessionTab | null {
		return this.#active;
	}

	get all(): readonly SessionTab[] {
		return this.#tabs;
	}

	get activeIndex(): number {
		return this.#active === null ? -1 : this.#tabs.indexOf(this.#active);
	}

	/** There is a place: takes over the sessions that are there, and makes sure that the visible tab has one. */
	async onReady({ generation }: Extract<Place, { kind: "ready" }>): Promise<void> {
		const { sessions } = await this.#options.connection.request("session:list", {});
		const isSameContainer = generation === this.#generation;
		const isFirst = this.#generation === null;
		const { active } = this.#layout;
		this.#generation = generation;
		this.#dropMissing(new Set(sessions.map(({ sessionId }) => String(sessionId))), isSameContainer);
		for (const session of this.#layout.inOrder(sessions)) this.#adopt(session);
		if (this.#tabs.length === 0 && isFirst) this.#add(freeName(this.#tabs));
		const remembered = this.#tabs.find(({ sessionId }) => sessionId !== null && sessionId === active);
		this.#enterReady(true);
		this.#show(this.#active ?? remembered ?? this.#tabs[0] ?? null);
		for (const tab of this.#tabs) if (tab !== this.#active && tab.state.kind === "empty") await this.#connect(tab);
	}

	/** No place, or no connection: what is there stays on the screen. */
	onLost(): void {
		this.#enterReady(false);
		for (const tab of this.#tabs) tab.disconnect();
	}

	/** Nobody may see any of it any more: the page is as if it had just been opened. */
	forget(): void {
		this.#enterReady(false);
		this.#generation = null;
		this.#unclaimed = [];
		this.#closed.clear();
		this.#active = null;
		for (const tab of this.#tabs.splice(0)) tab.dispose();
		this.#draw();
	}

	open(): void {
		if (!this.#isReady) return;
		this.#show(this.#add(freeName(this.#tabs)));
	}

	select(index: number): void {
		this.#show(this.#tabs[index] ?? null);
	}

	step(by: number): void {
		if (this.#tabs.length > 0) this.select((this.activeIndex + by + this.#tabs.length) % this.#tabs.length);
	}

	async close(index: number): Promise<void> {
		const tab = this.#tabs[index];
		if (tab === undefined) return;
		if (!this.#isReady && tab.sessionId !== null) {
			this.#options.onNotice("Sessions can be closed when the connection is back.");
			return;
		}
		if (tab.sessionId !== null && !tab.hasEnded && !(await confirmClose(tab.name))) {
			this.#active?.view.focus();
			return;
		}
		const { sessionId } = tab;
		if (sessionId !== null) this.#orders.close(sessionId);
		if (sessionId !== null) this.#closed.add(sessionId);
		this.#remove(tab);
		if (this.#tabs.length === 0) this.open();
	}

	renameActive(): void {
		this.#strip.rename(this.activeIndex);
	}

	/** Takes the keyboard out of the terminal, which keeps every other key. */
	focusStrip(): void {
		this.#strip.focus();
	}

	apply(settings: Settings): void {
		for (const { view } of this.#tabs) view.apply(settings);
	}

	/** The gateway lost an attachment that the page believes in: it attaches again. */
	#onUnattached(): void {
		if (!this.#isReady) return;
		for (const tab of this.#tabs) tab.disconnect();
		if (this.#active !== null) this.#show(this.#active);
	}

	#onChanged(session: SessionInfo): void {
		const tab = this.#find(session.sessionId);
		if (tab !== undefined) tab.onSessionChanged(session);
		else if (this.#tabs.some(({ state }) => state.kind === "empty")) this.#unclaimed.push(session);
		else if (this.#isReady) this.#adopt(session);
		if (this.#active === null && this.#isReady) this.#show(this.#tabs[0] ?? null);
	}

	#adopt(session: SessionInfo): void {
		if (this.#closed.has(session.sessionId)) return;
		const known = this.#find(session.sessionId);
		if (known !== undefined) known.onSessionChanged(session);
		else this.#add(session.name).adopt(session);
	}

	async #connect(tab: SessionTab): Promise<void> {
		await tab.connect();
		if (this.#tabs.some(({ state }) => state.kind === "empty")) return;
		for (const session of this.#unclaimed.splice(0)) this.#adopt(session);
	}

	/** Tabs whose session the gateway does not know: closed elsewhere meanwhile, or lost with the container. */
	#dropMissing(known: ReadonlySet<string>, isSameContainer: boolean): void {
		for (const tab of [...this.#tabs]) {
			if (tab.sessionId === null || known.has(tab.sessionId)) continue;
			if (isSameContainer) this.#remove(tab);
			else tab.lose(LOST);
		}
	}

	#add(name: string): SessionTab {
		const { connection, onNotice, settings, stage, takesKey, withStickyKeys } = this.#options;
		const tab: SessionTab = new SessionTab({
			connection,
			stage,
			takesKey,
			withStickyKeys,
			onNotice,
			name,
			pageId: this.#pageId,
			settings: settings(),
			onChange: () => this.#draw(),
			onRefused: (error) => this.#onRefused(tab, error),
			onBell: () => this.#onBell(tab),
			onEnded: (ending) => this.#options.onEnded(ending),
			onGrid: (size) => {
				if (tab === this.#active) this.#options.onGrid(size);
			},
			onCopy: (text) => this.#options.onCopy(tab, text),
		});
		this.#tabs.push(tab);
		return tab;
	}

	#onBell(tab: SessionTab): void {
		if (tab === this.#active) tab.view.flash();
		else tab.hasNews = true;
		this.#draw();
	}

	/** One tab too many goes again; any other says by itself what happened, and the person may try again. */
	#onRefused(tab: SessionTab, { code, message, action }: WireError): void {
		if (code !== "TOO_MANY_SESSIONS" || this.#tabs.length === 1) return;
		this.#options.onNotice(`${message} ${action}`);
		this.#remove(tab);
	}

	#show(tab: SessionTab | null): void {
		if (tab === null) return;
		if (tab !== this.#active) this.#active?.view.hide();
		this.#active = tab;
		tab.hasNews = false;
		tab.view.show();
		tab.onSeen();
		tab.view.focus();
		this.#options.onGrid(tab.view.terminal);
		this.#draw();
		if (this.#isReady) void this.#connect(tab);
	}

	#remove(tab: SessionTab): void {
		const index = this.#tabs.indexOf(tab);
		if (index < 0) return;
		this.#tabs.splice(index, 1);
		tab.dispose();
		if (tab === this.#active) this.#active = null;
		if (this.#active === null) this.#show(this.#tabs[Math.min(index, this.#tabs.length - 1)] ?? null);
		this.#draw();
	}

	#rename(index: number, name: string): void {
		const tab = this.#tabs[index];
		if (tab === undefined) return;
		tab.name = name;
		this.#draw();
		if (tab.sessionId !== null) this.#orders.rename(tab.sessionId, name);
	}

	#move(from: number, to: number): void {
		const [tab] = this.#tabs.splice(from, 1);
		if (tab !== undefined) this.#tabs.splice(to, 0, tab);
		this.#draw();
	}

	#enterReady(isReady: boolean): void {
		this.#isReady = isReady;
		this.#options.onReady(isReady);
	}

	#find(sessionId: string): SessionTab | undefined {
		return this.#tabs.find((tab) => tab.sessionId === sessionId);
	}

	#draw(): void {
		this.#strip.draw(this.#tabs, this.activeIndex);
		this.#options.onCount(this.#tabs.length);
		const active = this.#active;
		document.title = active === null ? "Berth" : `${active.title || active.name} – Berth`;
		if (!this.#isReady) return;
		const order = this.#tabs.flatMap(({ sessionId }) => sessionId ?? []);
		this.#layout.remember({ active: active?.sessionId ?? null, order });
	}
}
