/** The row of tabs: draws it, and turns clicks and keys on it into calls. Knows nothing of terminals. */
import type { SessionSignal } from "../../server/protocol/session.ts";
import { openMenu } from "./menu.ts";
import { TabButton, type TabFace } from "./tab-button.ts";

export type TabStripEvents = {
	onSelect(index: number): void;
	onClose(index: number): void;
	onRename(index: number, name: string): void;
	onMove(from: number, to: number): void;
	onSignal(sessionId: string, signal: SessionSignal): void;
	/** The strip is done with the keyboard: back to the terminal. */
	onLeave(): void;
};

export class TabStrip {
	readonly #list: HTMLElement;
	readonly #events: TabStripEvents;
	/** One for each tab, kept as long as the tab is: a double click must meet the same element twice. */
	readonly #buttons = new Map<TabFace, TabButton>();
	#faces: readonly TabFace[] = [];
	#active = -1;
	#dragged: TabFace | null = null;

	constructor(list: HTMLElement, events: TabStripEvents) {
		this.#list = list;
		this.#events = events;
		list.addEventListener("wheel", (event) => {
			if (event.deltaX === 0) list.scrollLeft += event.deltaY;
		});
	}

	/** The same object is the same tab, whatever its name and place. */
	draw(faces: readonly TabFace[], active: number): void {
		const hasMoved = active !== this.#active || faces.length !== this.#faces.length;
		this.#faces = [...faces];
		this.#active = active;
		for (const [face, button] of this.#buttons) {
			if (faces.includes(face)) continue;
			button.element.remove();
			this.#buttons.delete(face);
		}
		for (const [index, face] of faces.entries()) {
			const button = this.#buttons.get(face) ?? this.#newButton(face);
			button.draw(index === active);
			if (this.#list.children[index] !== button.element) this.#place(button.element, index);
		}
		if (hasMoved) this.#activeButton()?.element.scrollIntoView({ block: "nearest", inline: "nearest" });
	}

	rename(index: number): void {
		const face = this.#faces[index];
		if (face !== undefined) this.#buttons.get(face)?.rename();
	}

	focus(): void {
		this.#activeButton()?.element.focus();
	}

	/** Moving an element takes its focus away. */
	#place(element: HTMLElement, index: number): void {
		const hadFocus = element === document.activeElement;
		this.#list.insertBefore(element, this.#list.children[index] ?? null);
		if (hadFocus) element.focus();
	}

	#newButton(face: TabFace): TabButton {
		const at = (): number => this.#faces.indexOf(face);
		const button = new TabButton(face, {
			onSelect: () => this.#events.onSelect(at()),
			onClose: () => this.#events.onClose(at()),
			onRenamed: (name) => {
				if (name !== null) this.#events.onRename(at(), name);
				this.#events.onLeave();
			},
			onMenu: (x, y) => this.#openMenu(button, at(), x, y),
			onKey: (event) => this.#onKey(event, at()),
		});
		this.#buttons.set(face, button);
		this.#listenForDrags(button.element, face);
		return button;
	}

	#listenForDrags(element: HTMLElement, face: TabFace): void {
		element.addEventListener("dragstart", () => {
			this.#dragged = face;
		});
		element.addEventListener("dragend", () => {
			this.#dragged = null;
		});
		element.addEventListener("dragover", (event) => {
			if (this.#dragged === null) return;
			event.preventDefault();
			const from = this.#faces.indexOf(this.#dragged);
			const to = this.#faces.indexOf(face);
			const { left, width } = element.getBoundingClientRect();
			const isBeyondMiddle = from < to ? event.clientX > left + width / 2 : event.clientX < left + width / 2;
			if (from !== to && isBeyondMiddle) this.#events.onMove(from, to);
		});
	}

	#onKey(event: KeyboardEvent, index: number): void {
		const count = this.#faces.length;
		const keys: Record<string, () => void> = {
			ArrowRight: () => (event.ctrlKey ? this.#moveBy(index, 1) : this.#select((index + 1) % count)),
			ArrowLeft: () => (event.ctrlKey ? this.#moveBy(index, -1) : this.#select((index + count - 1) % count)),
			Home: () => this.#select(0),
			End: () => this.#select(count - 1),
			Delete: () => this.#events.onClose(index),
			F2: () => this.rename(index),
			Enter: () => this.#events.onLeave(),
			Escape: () => this.#events.onLeave(),
		};
		const act = keys[event.key];
		if (act === undefined) return;
		event.preventDefault();
		act();
	}

	#moveBy(index: number, by: number): void {
		const to = index + by;
		if (to >= 0 && to < this.#faces.length) this.#events.onMove(index, to);
	}

	/** Selects a tab and stays in the strip, as in any list of tabs. */
	#select(index: number): void {
		this.#events.onSelect(index);
		this.focus();
	}

	#activeButton(): TabButton | undefined {
		const face = this.#faces[this.#active];
		return face === undefined ? undefined : this.#buttons.get(face);
	}

	#openMenu(button: TabButton, index: number, x: number, y: number): void {
		const { name, sessionId, hasEnded } = button.face;
		const signal = (signal: SessionSignal) => ({
			isDisabled: sessionId === null || hasEnded,
			onChosen: () => {
				if (sessionId !== null) this.#events.onSignal(sessionId, signal);
			},
		});
		const items = [
			{ label: "Rename…", hint: "F2", onChosen: () => button.rename() },
			{ label: "Interrupt program", ...signal("SIGINT") },
			{ label: "Kill program", isDanger: true, ...signal("SIGKILL") },
			{ label: "Close session", hint: "Del", isDanger: true, onChosen: () => this.#events.onClose(index) },
		];
		openMenu(`Session ${name}`, items, x, y, () => this.#events.onLeave());
	}
}
