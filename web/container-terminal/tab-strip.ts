/** The row of tabs: draws it, and turns clicks and keys on it into calls. Knows nothing of terminals. */
import { element } from "./dialogs.ts";

export type TabFace = {
	sessionId: string | null;
	name: string;
	/** What the program calls itself; shown as a hint. */
	title: string;
	isEnded: boolean;
	hasNews: boolean;
};

export type TabStripEvents = {
	onSelect(index: number): void;
	onClose(index: number): void;
	onRename(index: number, name: string): void;
	/** The strip is done with the keyboard: back to the terminal. */
	onLeave(): void;
};

type Tab = { root: HTMLElement; label: HTMLElement; close: HTMLElement };

const MAX_NAME_LENGTH = 64;

export class TabStrip {
	readonly #list: HTMLElement;
	readonly #events: TabStripEvents;
	readonly #tabs: Tab[] = [];
	/** The label that a text field stands in for now. */
	#renaming: HTMLElement | null = null;

	constructor(list: HTMLElement, events: TabStripEvents) {
		this.#list = list;
		this.#events = events;
	}

	draw(faces: readonly TabFace[], active: number): void {
		// Tabs are kept and changed, not made again: a click that draws must not lose the second click of a pair.
		while (this.#tabs.length > faces.length) this.#tabs.pop()?.root.remove();
		while (this.#tabs.length < faces.length) this.#tabs.push(this.#newTab());
		for (const [index, face] of faces.entries()) this.#dress(index, face, index === active);
		this.#tabs[active]?.root.scrollIntoView({ block: "nearest", inline: "nearest" });
		if (this.#list.contains(document.activeElement) && this.#renaming === null) this.#tabs[active]?.root.focus();
	}

	#newTab(): Tab {
		const root = element("div", { className: "tab", role: "tab" });
		root.dataset.testid = "tab";
		const label = element("span", { className: "tab-name" });
		const close = this.#closeButton(root);
		root.append(label, close);
		this.#list.append(root);
		const index = (): number => this.#tabs.findIndex((tab) => tab.root === root);
		root.addEventListener("click", (event) => {
			if (!(event.target instanceof HTMLInputElement)) this.#events.onSelect(index());
		});
		root.addEventListener("auxclick", (event) => {
			if (event.button === 1) this.#events.onClose(index());
		});
		root.addEventListener("dblclick", () => this.#rename(label, index));
		root.addEventListener("keydown", (event) => this.#onKey(event, label, index));
		return { root, label, close };
	}

	#dress(index: number, { sessionId, name, title, isEnded, hasNews }: TabFace, isActive: boolean): void {
		const tab = this.#tabs[index];
		if (tab === undefined) return;
		const { root, label, close } = tab;
		root.tabIndex = isActive ? 0 : -1;
		root.title = title || name;
		root.ariaSelected = String(isActive);
		root.dataset.sessionId = sessionId ?? "";
		root.classList.toggle("is-ended", isEnded);
		root.classList.toggle("has-news", hasNews);
		label.textContent = name;
		close.ariaLabel = `Close ${name}`;
	}

	#closeButton(root: HTMLElement): HTMLElement {
		const close = element("button", { className: "tab-close", type: "button", tabIndex: -1, title: "Close" });
		close.textContent = "×";
		close.addEventListener("click", (event) => {
			event.stopPropagation();
			this.#events.onClose(this.#tabs.findIndex((tab) => tab.root === root));
		});
		return close;
	}

	#onKey(event: KeyboardEvent, label: HTMLElement, indexOf: () => number): void {
		if (event.target instanceof HTMLInputElement) return;
		const index = indexOf();
		const count = this.#tabs.length;
		switch (event.key) {
			case "ArrowRight":
				this.#events.onSelect((index + 1) % count);
				break;
			case "ArrowLeft":
				this.#events.onSelect((index + count - 1) % count);
				break;
			case "Home":
				this.#events.onSelect(0);
				break;
			case "End":
				this.#events.onSelect(count - 1);
				break;
			case "Delete":
				this.#events.onClose(index);
				break;
			case "F2":
				this.#rename(label, indexOf);
				break;
			case "Enter":
			case "Escape":
				this.#events.onLeave();
				break;
			default:
				return;
		}
		event.preventDefault();
	}

	#rename(label: HTMLElement, index: () => number): void {
		if (this.#renaming !== null) return;
		this.#renaming = label;
		const field = element("input", {
			className: "tab-field",
			value: label.textContent ?? "",
			maxLength: MAX_NAME_LENGTH,
		});
		field.ariaLabel = "Name of the session";
		const finish = (isWanted: boolean): void => {
			if (this.#renaming !== label) return;
			this.#renaming = null;
			field.replaceWith(label);
			const name = field.value.trim();
			if (isWanted && name !== "" && name !== label.textContent) this.#events.onRename(index(), name);
			this.#events.onLeave();
		};
		field.addEventListener("keydown", (event) => {
			if (event.key === "Enter") finish(true);
			else if (event.key === "Escape") finish(false);
			event.stopPropagation();
		});
		field.addEventListener("blur", () => finish(true));
		label.replaceWith(field);
		field.select();
	}
}
