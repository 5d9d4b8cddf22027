/** What the person chose on this device; kept in the browser. */
import { deviceStorage } from "./storage.ts";

export type ThemeChoice = "auto" | "light" | "dark";
export type Settings = { theme: ThemeChoice; fontSize: number; isScreenReader: boolean };

export const FONT_SIZE = { least: 9, usual: 14, most: 28 };
const KEY = "berth.settings";
const USUAL: Settings = { theme: "auto", fontSize: FONT_SIZE.usual, isScreenReader: false };

export class SettingsStore {
	#settings = read();
	readonly #listeners = new Set<(settings: Settings) => void>();

	get current(): Settings {
		return this.#settings;
	}

	change(change: Partial<Settings>): void {
		this.#settings = checked({ ...this.#settings, ...change });
		deviceStorage.set(KEY, JSON.stringify(this.#settings));
		for (const listener of this.#listeners) listener(this.#settings);
	}

	onChange(listener: (settings: Settings) => void): void {
		this.#listeners.add(listener);
	}
}

function read(): Settings {
	try {
		return checked(JSON.parse(deviceStorage.get(KEY) ?? "{}"));
	} catch {
		return USUAL;
	}
}

function checked({ theme, fontSize, isScreenReader }: Partial<Settings>): Settings {
	const size = Number.isFinite(fontSize) ? Number(fontSize) : USUAL.fontSize;
	return {
		theme: theme === "light" || theme === "dark" ? theme : "auto",
		fontSize: Math.min(FONT_SIZE.most, Math.max(FONT_SIZE.least, Math.round(size))),
		isScreenReader: isScreenReader === true,
	};
}
