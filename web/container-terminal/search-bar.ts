/** Search in the visible session. The add-on is loaded when it is first needed. */
import type { ISearchOptions, SearchAddon } from "@xterm/addon-search";
import type { Terminal } from "@xterm/xterm";
import { byId, inputById } from "../shared/dom.ts";
import type { MatchColours } from "./palettes.ts";

export type SearchOptions = {
	/** The terminal to search in. */
	visible(): Terminal | null;
	/** Colours of matches on the terminal's present ground. */
	colours(): MatchColours;
	/** Gives the keyboard back to the terminal. */
	onClosed(): void;
};

export class SearchBar {
	readonly #bar = byId("search");
	readonly #text = inputById("search-text");
	readonly #case = inputById("search-case");
	readonly #regex = inputById("search-regex");
	readonly #addons = new WeakMap<Terminal, SearchAddon>();
	readonly #visible: () => Terminal | null;
	readonly #colours: () => MatchColours;
	readonly #onClosed: () => void;

	constructor({ visible, colours, onClosed }: SearchOptions) {
		this.#visible = visible;
		this.#colours = colours;
		this.#onClosed = onClosed;
		this.#bar.addEventListener("submit", (event) => {
			event.preventDefault();
			void this.#find("next");
		});
		byId("search-previous").addEventListener("click", () => void this.#find("previous"));
		byId("search-close").addEventListener("click", () => this.close());
		this.#bar.addEventListener("keydown", (event) => this.#onKey(event));
		for (const field of [this.#text, this.#case, this.#regex]) {
			field.addEventListener("input", () => void this.#find("next", true));
		}
	}

	open(): void {
		this.#bar.hidden = false;
		const selection = this.#visible()?.getSelection() ?? "";
		if (selection !== "" && !selection.includes("\n")) this.#text.value = selection;
		this.#text.select();
		this.#text.focus();
	}

	close(): void {
		this.#bar.hidden = true;
		this.#text.blur();
		const terminal = this.#visible();
		if (terminal !== null) this.#addons.get(terminal)?.clearDecorations();
		this.#onClosed();
	}

	#onKey(event: KeyboardEvent): void {
		if (event.key === "Escape") this.close();
		else if (event.key === "Enter" && event.shiftKey) void this.#find("previous");
		else return;
		event.preventDefault();
	}

	async #find(direction: "next" | "previous", incremental = false): Promise<void> {
		const terminal = this.#visible();
		if (terminal === null) return;
		const search = await this.#addonOf(terminal);
		const options: ISearchOptions = {
			caseSensitive: this.#case.checked,
			regex: this.#regex.checked && isRegex(this.#text.value),
			decorations: this.#colours(),
		};
		if (this.#text.value === "") search.clearDecorations();
		else if (direction === "next") search.findNext(this.#text.value, { ...options, incremental });
		else search.findPrevious(this.#text.value, options);
	}

	async #addonOf(terminal: Terminal): Promise<SearchAddon> {
		const known = this.#addons.get(terminal);
		if (known !== undefined) return known;
		const { SearchAddon } = await import("@xterm/addon-search");
		const addon = new SearchAddon();
		terminal.loadAddon(addon);
		this.#addons.set(terminal, addon);
		addon.onDidChangeResults(({ resultIndex, resultCount }) => {
			const shown = resultIndex < 0 ? "" : `${resultIndex + 1} of `;
			byId("search-count").textContent = resultCount === 0 ? "no match" : `${shown}${resultCount}`;
		});
		return addon;
	}
}

/** While it is being typed a pattern is often none yet. */
function isRegex(pattern: string): boolean {
	try {
		new RegExp(pattern);
		return true;
	} catch {
		return false;
	}
}
