/** The row of keys that phones lack. Ctrl and Alt stick to the next key. */
import { element } from "./dom.ts";

export type PhoneKeyEvents = {
	/** Sends text as if typed. */
	onText(text: string): void;
	/** Whether programs want the arrow keys in their application form. */
	isApplicationMode(): boolean;
	onUsed(): void;
};

type Key = { label: string; name?: string; normal: string; application?: string };

const KEYS: readonly Key[] = [
	{ label: "Esc", normal: "\x1b" },
	{ label: "Tab", normal: "\t" },
	{ label: "←", name: "Left", normal: "\x1b[D", application: "\x1bOD" },
	{ label: "↑", name: "Up", normal: "\x1b[A", application: "\x1bOA" },
	{ label: "↓", name: "Down", normal: "\x1b[B", application: "\x1bOB" },
	{ label: "→", name: "Right", normal: "\x1b[C", application: "\x1bOC" },
	{ label: "|", name: "Pipe", normal: "|" },
	{ label: "~", name: "Tilde", normal: "~" },
	{ label: "/", name: "Slash", normal: "/" },
	{ label: "-", name: "Dash", normal: "-" },
	{ label: "Home", normal: "\x1b[H", application: "\x1bOH" },
	{ label: "End", normal: "\x1b[F", application: "\x1bOF" },
	{ label: "PgUp", name: "Page up", normal: "\x1b[5~" },
	{ label: "PgDn", name: "Page down", normal: "\x1b[6~" },
];

export class PhoneKeys {
	readonly #ctrl: HTMLButtonElement;
	readonly #alt: HTMLButtonElement;

	constructor(row: HTMLElement, events: PhoneKeyEvents) {
		this.#ctrl = this.#sticky("Ctrl");
		this.#alt = this.#sticky("Alt");
		const buttons = KEYS.map(({ label, name, normal, application }) => {
			const key = keyButton(label, name ?? label);
			key.addEventListener("click", () => {
				events.onText(this.apply(events.isApplicationMode() ? (application ?? normal) : normal));
				events.onUsed();
			});
			return key;
		});
		row.append(...buttons.slice(0, 2), this.#ctrl, this.#alt, ...buttons.slice(2));
		// A tap must not take the focus from the terminal, or the phone's keyboard closes.
		row.addEventListener("pointerdown", (event) => event.preventDefault());
	}

	/** Puts the sticky keys to what was typed, and releases them. */
	apply(text: string): string {
		const isCtrl = isPressed(this.#ctrl);
		const isAlt = isPressed(this.#alt);
		if (!isCtrl && !isAlt) return text;
		press(this.#ctrl, false);
		press(this.#alt, false);
		const withCtrl = isCtrl && /^[@-_a-z ?]$/.test(text) ? controlOf(text) : text;
		return isAlt ? `\x1b${withCtrl}` : withCtrl;
	}

	get isSticky(): boolean {
		return isPressed(this.#ctrl) || isPressed(this.#alt);
	}

	#sticky(label: string): HTMLButtonElement {
		const key = keyButton(label, label);
		press(key, false);
		key.addEventListener("click", () => press(key, !isPressed(key)));
		return key;
	}
}

function controlOf(text: string): string {
	return text === "?" ? "\x7f" : String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f);
}

function keyButton(label: string, name: string): HTMLButtonElement {
	return element("button", { type: "button", textContent: label, ariaLabel: name, className: "phone-key" });
}

function isPressed(key: HTMLButtonElement): boolean {
	return key.ariaPressed === "true";
}

function press(key: HTMLButtonElement, isDown: boolean): void {
	key.ariaPressed = String(isDown);
}
