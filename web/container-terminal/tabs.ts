/** All sessions of the page: which there are, which one is seen, and that they are what the gateway says they are. */
import type { SessionInfo } from "../../server/protocol/session.ts";
import { confirm } from "./dialogs.ts";
import type { GatewayConnection } from "./gateway-connection.ts";
import { SessionTab, type TabOptions } from "./session-tab.ts";
import type { Settings } from "./settings.ts";
import { TabStrip } from "./tab-strip.ts";

export type TabsOptions = Pick<TabOptions, "connection" | "stage" | "onNotice" | "takesKey" | "withStickyKeys"> & {
	strip: HTMLElement;
	settings(): Settings;
};

/** Remembers the visible session and the order of tabs on this device. */
const LAYOUT_KEY = "berth.tabs";

export class Tabs {
	readonly #options: TabsOptions;
	readonly #strip: TabStrip;
	readonly #pageId = newPageId();
	#tabs: SessionTab[] = [];
	#active: SessionTab | null = null;
	/** The gateway has confirmed a place: sessions can be opened and attached. */
	#isReady = false;
	#layout = readLayout();

	constructor(options: TabsOptions) {
		this.#options = options;
		this.#strip = new TabStrip(options.strip, {
			onSelect: (index) => this.select(index),
			onClose: (index) => void this.close(index),
			onRename: (index, name) => this.#rename(index, name),
			onLeave: () => this.#active?.view.focus(),
		});
		this.#listen(options.connection);
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
	async onReady(): Promise<void> {
		const { sessions } = await this.#options.connection.request("session:list", {});
		this.#isReady = true;
		const known = new Set(sessions.map(({ sessionId }) => String(sessionId)));
		for (const tab of this.#tabs) if (tab.sessionId !== null && !known.has(tab.sessionId)) tab.lose();
		for (const session of this.#inOrder(sessions)) this.#adopt(session);
		if (this.#tabs.length === 0) this.#add(this.#newName());
		const remembered = this.#tabs.find(({ sessionId }) => sessionId === this.#layout.active);
		this.#show(this.#active ?? remembered ?? this.#tabs[0] ?? null);
		for (const tab of this.#tabs) if (tab !== this.#active && tab.state.kind === "empty") await tab.connect();
	}

	/** No place, or no connection: what is there stays on the screen. */
	onLost(): void {
		this.#isReady = false;
		for (const tab of this.#tabs) tab.disconnect();
	}

	open(): void {
		this.#show(this.#add(this.#newName()));
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
		const isRunning = tab.state.kind === "live" || tab.state.kind === "waiting";
		const question = {
			title: `Close “${tab.name}”?`,
			text: "The shell and everything that runs in it will end.",
			yes: "Close session",
			isDanger: true,
		};
		if (isRunning && !(await confirm(question))) return;
		const { sessionId } = tab;
		this.#remove(tab);
		if (sessionId !== null) await this.#options.connection.request("session:close", { sessionId }).catch(() => {});
	}

	apply(settings: Settings): void {
		for (const { view } of this.#tabs) view.apply(settings);
	}

	#listen({ socket }: GatewayConnection): void {
		socket.on("session:output", (sessionId, offset, bytes) => this.#find(sessionId)?.onOutput(offset, bytes));
		socket.on("session:input-ack", (sessionId, seq) => this.#find(sessionId)?.onInputAccepted(seq));
		socket.on("session:input-refused", (sessionId, seq, error) => this.#find(sessionId)?.onInputRefused(seq, error));
		socket.on("session:changed", (session) => this.#onChanged(session));
		socket.on("session:closed", (sessionId, reason) => {
			const tab = this.#find(sessionId);
			if (tab === undefined) return;
			if (reason === "closed") this.#remove(tab);
			else tab.lose();
		});
	}

	#onChanged(session: SessionInfo): void {
		const tab = this.#find(session.sessionId);
		if (tab !== undefined) {
			tab.onSessionChanged(session);
			return;
		}
		// One that this page is opening right now is announced before it is answered.
		if (this.#isReady && !this.#tabs.some(({ state }) => state.kind === "empty")) this.#adopt(session);
	}

	#adopt(session: SessionInfo): void {
		const known = this.#find(session.sessionId);
		if (known === undefined) this.#add(session.name).adopt(session);
		else known.onSessionChanged(session);
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
			onBell: () => {
				if (tab !== this.#active) tab.hasNews = true;
				this.#draw();
			},
		});
		this.#tabs.push(tab);
		return tab;
	}

	#show(tab: SessionTab | null): void {
		if (tab === null) return;
		if (tab !== this.#active) this.#active?.view.hide();
		this.#active = tab;
		tab.hasNews = false;
		tab.view.show();
		tab.view.focus();
		this.#draw();
		if (this.#isReady) void tab.connect();
	}

	#remove(tab: SessionTab): void {
		const index = this.#tabs.indexOf(tab);
		if (index < 0) return;
		this.#tabs.splice(index, 1);
		tab.dispose();
		if (this.#tabs.length === 0) this.open();
		else if (tab === this.#active) this.#show(this.#tabs[Math.min(index, this.#tabs.length - 1)] ?? null);
		this.#draw();
	}

	#rename(index: number, name: string): void {
		const tab = this.#tabs[index];
		if (tab === undefined) return;
		tab.name = name;
		this.#draw();
		const { sessionId } = tab;
		if (sessionId === null) return;
		this.#options.connection.request("session:rename", { sessionId, name }).catch(({ message }: Error) => {
			this.#options.onNotice(message);
		});
	}

	#find(sessionId: string): SessionTab | undefined {
		return this.#tabs.find((tab) => tab.sessionId === sessionId);
	}

	/** The lowest number that no tab has. */
	#newName(): string {
		const taken = new Set(this.#tabs.map(({ name }) => name));
		let number = 1;
		while (taken.has(`shell ${number}`)) number += 1;
		return `shell ${number}`;
	}

	#inOrder(sessions: readonly SessionInfo[]): SessionInfo[] {
		const place = ({ sessionId }: SessionInfo): number => {
			const index = this.#layout.order.indexOf(sessionId);
			return index < 0 ? Number.MAX_SAFE_INTEGER : index;
		};
		return sessions.toSorted((a, b) => place(a) - place(b));
	}

	#draw(): void {
		const faces = this.#tabs.map(({ hasNews, name, sessionId, state, title }) => ({
			hasNews,
			name,
			sessionId,
			title,
			isEnded: state.kind === "ended",
		}));
		this.#strip.draw(faces, this.activeIndex);
		const active = this.#active;
		document.title = active === null ? "Berth" : `${active.title || active.name} – Berth`;
		if (!this.#isReady) return;
		this.#layout = {
			active: active?.sessionId ?? null,
			order: this.#tabs.flatMap(({ sessionId }) => sessionId ?? []),
		};
		writeLayout(this.#layout);
	}
}

type Layout = { active: string | null; order: string[] };

function readLayout(): Layout {
	try {
		const { active = null, order = [] }: Partial<Layout> = JSON.parse(localStorage.getItem(LAYOUT_KEY) ?? "{}");
		return { active, order: Array.isArray(order) ? order : [] };
	} catch {
		return { active: null, order: [] };
	}
}

function writeLayout(layout: Layout): void {
	// Private windows may forbid it; then the order is the gateway's.
	try {
		localStorage.setItem(LAYOUT_KEY, JSON.stringify(layout));
	} catch {}
}

const PAGE_ID_BYTES = 16;

function newPageId(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(PAGE_ID_BYTES));
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_")
		.replace(/=+$/, "");
}
