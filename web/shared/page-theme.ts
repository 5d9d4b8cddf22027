/** Light or dark: what was chosen, or what the system says. */
import type { SettingsStore, ThemeChoice } from "./settings.ts";

const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export function isDark(choice: ThemeChoice): boolean {
	return choice === "auto" ? systemIsDark.matches : choice === "dark";
}

/** Calls back whenever the system goes from light to dark or back. */
export function onSystemTheme(listener: () => void): void {
	systemIsDark.addEventListener("change", listener);
}

/** Dresses the page; the terminals dress themselves. */
export function applyPageTheme(choice: ThemeChoice): void {
	document.documentElement.dataset.theme = isDark(choice) ? "dark" : "light";
}

/** Dresses the page as it is chosen, now and from now on. */
export function followTheme(settings: SettingsStore): void {
	const apply = (): void => applyPageTheme(settings.current.theme);
	settings.onChange(apply);
	onSystemTheme(apply);
	apply();
}
