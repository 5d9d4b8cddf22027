/** The row of keys that phones lack. Ctrl and Alt stick to the next key. */
import { element } from "../shared/dom.ts";
import { bytesOfKey, type KeyMeaning, withModifiers } from "./key-bytes.ts";

export type PhoneKeyEvents = {
	/** Sends text as if typed. */
	onText(text: string): void;
	/** Whether programs want the cursor keys in their application form. */
	isApplicationMode(): boolean;
};

type Key = { label: string; name?: string; means: KeyMeaning };

const BEFORE: readonly Key[] = [
	{ label: "Esc", name: "Escape", means: { text: "\x1b" } },
	{ label: "Tab", means: { text: "\t" } },
];
const BEHIND: readonly Key[] = [
	{ label: "←", name: "Left", means: { cursor: "D" } },
	{ label: "↑", name: "Up", means: { cursor: "A" } },
	{ label: "↓", name: "Down", means: { cursor: "B" } },
	{ label: "→", name: "Right", means: { cursor: "C" } },
	{ label: "|", name: "Pipe", means: { text: "|" } },
	{ label: "~", name: "Tilde", means: { text: "~" } },
	{ label: "/", name: "Slash", means: { text: "/" } },
	{ label: "-", name: "Dash", means: { text: "-" } },
	{ label: "Home", means: { cursor: "H" } },
	{ label: "End", means: { cursor: "F" } },
	{ label: "PgUp", name: "Page up", means: { number: 5 } },
	{ label: "PgDn", name: "Page down", means: { number: 6 } },
];

export class PhoneKeys {
	readonly #events: PhoneKeyEvents;
	readonly #ctrl = stickyKey("Ctrl", "Ctrl");
	readonly #alt = stickyKey("Alt", "Alt");

	constructor(row: HTMLElement, events: PhoneKeyEvents) {
		this.#events = events;
		const buttons = (keys: readonly Key[]): HTMLElement[] => keys.map((key) => this.#button(key));
		row.append(...buttons(BEFORE), this.#ctrl, this.#alt, ...buttons(BEHIND));
		// A tap must neither take the keyboard from the terminal nor call it up.
		row.addEventListener("mousedown", (event) => event.preventDefault());
	}

	/** Puts the sticky keys to a character that was typed, and releases them. */
	apply(text: string): string {
		return withModifiers(text, this.#release());
	}

	#button({ label, means, name = label }: Key): HTMLElement {
		const button = keyButton(label, name);
		button.addEventListener("click", () => {
			const isApplication = this.#events.isApplicationMode();
			this.#events.onText(bytesOfKey(means, this.#release(), isApplication));
		});
		return button;
	}

	#release(): { ctrl: boolean; alt: boolean } {
		const held = { ctrl: isHeld(this.#ctrl), alt: isHeld(this.#alt) };
		hold(this.#ctrl, false);
		hold(this.#alt, false);
		return held;
	}
}

function stickyKey(label: string, name: string): HTMLButtonElement {
	const button = keyButton(label, name);
	hold(button, false);
	button.addEventListener("click", () => hold(button, !isHeld(button)));
	return button;
}

function keyButton(label: string, name: string): HTMLButtonElement {
	return element("button", { type: "button", textContent: label, ariaLabel: name, className: "phone-key" });
}

function isHeld(button: HTMLButtonElement): boolean {
	return button.ariaPressed === "true";
}

function hold(button: HTMLButtonElement, isDown: boolean): void {
	if (isHeld(button) !== isDown || button.ariaPressed === null) button.ariaPressed = String(isDown);
}
