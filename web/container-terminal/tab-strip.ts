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

const MAX_NAME_LENGTH = 64;

export class TabStrip {
	readonly #list: HTMLElement;
	readonly #events: TabStripEvents;
	#isRenaming = false;

	constructor(list: HTMLElement, events: TabStripEvents) {
		this.#list = list;
		this.#events = events;
	}

	draw(faces: readonly TabFace[], active: number): void {
		// Drawing again would take the text field away under somebody's fingers.
		if (this.#isRenaming) return;
		const hadFocus = this.#list.contains(document.activeElement);
		this.#list.replaceChildren(...faces.map((face, index) => this.#tab(face, index, index === active)));
		const selected = this.#list.children[active];
		if (!(selected instanceof HTMLElement)) return;
		selected.scrollIntoView({ block: "nearest", inline: "nearest" });
		if (hadFocus) selected.focus();
	}

	#tab(face: TabFace, index: number, isActive: boolean): HTMLElement {
		const { sessionId, name, title, isEnded, hasNews } = face;
		const tab = element("div", { className: "tab", role: "tab", tabIndex: isActive ? 0 : -1, title: title || name });
		tab.ariaSelected = String(isActive);
		tab.dataset.testid = "tab";
		if (sessionId !== null) tab.dataset.sessionId = sessionId;
		tab.classList.toggle("is-ended", isEnded);
		tab.classList.toggle("has-news", hasNews);
		const label = element("span", { className: "tab-name", textContent: name });
		tab.append(label, this.#closeButton(name, index));
		tab.addEventListener("click", () => this.#events.onSelect(index));
		tab.addEventListener("auxclick", (event) => {
			if (event.button === 1) this.#events.onClose(index);
		});
		tab.addEventListener("dblclick", () => this.#rename(label, index));
		tab.addEventListener("keydown", (event) => this.#onKey(event, label, index));
		return tab;
	}

	#closeButton(name: string, index: number): HTMLElement {
		const close = element("button", { className: "tab-close", type: "button", tabIndex: -1, title: "Close" });
		close.ariaLabel = `Close ${name}`;
		close.textContent = "×";
		close.addEventListener("click", (event) => {
			event.stopPropagation();
			this.#events.onClose(index);
		});
		return close;
	}

	#onKey(event: KeyboardEvent, label: HTMLElement, index: number): void {
		if (event.target instanceof HTMLInputElement) return;
		const count = this.#list.children.length;
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
				this.#rename(label, index);
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

	#rename(label: HTMLElement, index: number): void {
		if (this.#isRenaming) return;
		this.#isRenaming = true;
		const field = element("input", {
			className: "tab-field",
			value: label.textContent ?? "",
			maxLength: MAX_NAME_LENGTH,
		});
		field.ariaLabel = "Name of the session";
		const finish = (isWanted: boolean): void => {
			if (!this.#isRenaming) return;
			this.#isRenaming = false;
			field.replaceWith(label);
			const name = field.value.trim();
			if (isWanted && name !== "" && name !== label.textContent) this.#events.onRename(index, name);
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
