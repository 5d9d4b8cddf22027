/** Light or dark: what was chosen, or what the system says. */
import type { ITheme } from "@xterm/xterm";
import { DARK, DARK_MATCHES, LIGHT, LIGHT_MATCHES, type MatchColours } from "./palettes.ts";
import type { ThemeChoice } from "./settings.ts";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export function isDark(choice: ThemeChoice): boolean {
	return choice === "auto" ? systemIsDark.matches : choice === "dark";
}

export function terminalTheme(choice: ThemeChoice): ITheme {
	return isDark(choice) ? DARK : LIGHT;
}

export function matchColours(choice: ThemeChoice): MatchColours {
	return isDark(choice) ? DARK_MATCHES : LIGHT_MATCHES;
}

/** Calls back whenever the system goes from light to dark or back. */
export function onSystemTheme(listener: () => void): void {
	systemIsDark.addEventListener("change", listener);
}

/** Dresses the page; the terminals dress themselves. */
export function applyPageTheme(choice: ThemeChoice): void {
	document.documentElement.dataset.theme = isDark(choice) ? "dark" : "light";
}
