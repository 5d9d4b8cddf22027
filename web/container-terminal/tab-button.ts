/** One tab in the strip: its name, its close button, and the field in which it is renamed. */
import { MAX_SESSION_NAME_LENGTH } from "../../server/protocol/limits.ts";
import { element } from "../shared/dom.ts";

/** What a tab shows of its session. */
export type TabFace = {
	readonly sessionId: string | null;
	readonly name: string;
	/** What the program calls itself; shown as a hint. */
	readonly title: string;
	readonly hasEnded: boolean;
	readonly hasNews: boolean;
	/** What is about to happen to it, and what would prevent that; null where nothing is. */
	readonly warning: string | null;
	/** The panel that the tab is for. */
	readonly panelId: string;
};

export type TabButtonEvents = {
	onSelect(): void;
	onClose(): void;
	/** The name that was typed, or null where it stays. */
	onRenamed(name: string | null): void;
	/** A menu was asked for at this point of the page. */
	onMenu(x: number, y: number): void;
	onKey(event: KeyboardEvent): void;
};

export class TabButton {
	readonly face: TabFace;
	readonly element: HTMLElement;
	readonly #label = element("span", { className: "tab-name" });
	readonly #close: HTMLElement;
	readonly #events: TabButtonEvents;
	#isRenaming = false;

	constructor(face: TabFace, events: TabButtonEvents) {
		this.face = face;
		this.#events = events;
		this.element = element("div", { className: "tab", role: "tab", draggable: true });
		this.element.dataset.testid = "tab";
		this.element.setAttribute("aria-controls", face.panelId);
		// For the mouse; the keyboard has Delete, and a button in a tab would confuse screen readers.
		this.#close = element("span", { className: "tab-close", title: "Close", ariaHidden: "true" });
		this.element.append(element("span", { className: "tab-mark", ariaHidden: "true" }), this.#label, this.#close);
		this.#listen();
	}

	draw(isActive: boolean): void {
		const { hasEnded, hasNews, name, sessionId, title, warning } = this.face;
		const { classList, dataset } = this.element;
		this.element.tabIndex = isActive ? 0 : -1;
		this.element.ariaSelected = String(isActive);
		this.element.title = warning === null ? title || name : `${name}: ${warning}`;
		const remarks = [name, hasEnded && "ended", hasNews && "wants attention", warning];
		this.element.ariaLabel = remarks.filter((remark) => remark !== false && remark !== null).join(", ");
		if (sessionId === null) delete dataset.sessionId;
		else dataset.sessionId = sessionId;
		classList.toggle("is-ended", hasEnded);
		classList.toggle("has-news", hasNews);
		classList.toggle("is-expiring", warning !== null);
		this.#label.textContent = name;
	}

	rename(): void {
		if (this.#isRenaming) return;
		this.#isRenaming = true;
		this.element.draggable = false;
		const field = element("input", {
			className: "tab-field",
			value: this.face.name,
			maxLength: MAX_SESSION_NAME_LENGTH,
			ariaLabel: "Name of the session",
			spellcheck: false,
		});
		field.addEventListener("keydown", (event) => {
			event.stopPropagation();
			if (event.key !== "Enter" && event.key !== "Escape") return;
			// Or the key goes on to the terminal, which has the keyboard next.
			event.preventDefault();
			this.#finish(field, event.key === "Enter");
		});
		field.addEventListener("blur", () => this.#finish(field, true));
		this.#label.replaceWith(field);
		field.select();
		field.focus();
	}

	#finish(field: HTMLInputElement, isWanted: boolean): void {
		if (!this.#isRenaming) return;
		this.#isRenaming = false;
		this.element.draggable = true;
		field.replaceWith(this.#label);
		const name = field.value.replace(/\p{C}/gu, "").trim();
		this.#events.onRenamed(isWanted && name !== "" && name !== this.face.name ? name : null);
	}

	#listen(): void {
		const { element: tab } = this;
		tab.addEventListener("click", (event) => {
			if (event.target === this.#close) this.#events.onClose();
			else if (!this.#isRenaming) this.#events.onSelect();
		});
		tab.addEventListener("auxclick", (event) => {
			if (event.button === 1) this.#events.onClose();
		});
		tab.addEventListener("dblclick", (event) => {
			if (event.target !== this.#close) this.rename();
		});
		tab.addEventListener("contextmenu", (event) => {
			if (this.#isRenaming) return;
			event.preventDefault();
			const { bottom, left } = tab.getBoundingClientRect();
			// The menu key has no place of its own.
			const isPointer = event.clientX > 0 || event.clientY > 0;
			this.#events.onMenu(isPointer ? event.clientX : left, isPointer ? event.clientY : bottom);
		});
		tab.addEventListener("keydown", (event) => {
			if (!this.#isRenaming) this.#events.onKey(event);
		});
	}
}
