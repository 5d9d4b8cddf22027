/** The terminals' colours, light or dark as the page. */
import type { ITheme } from "@xterm/xterm";
import { isDark } from "../shared/page-theme.ts";
import type { ThemeChoice } from "../shared/settings.ts";
import { DARK, DARK_MATCHES, LIGHT, LIGHT_MATCHES, type MatchColours } from "./palettes.ts";

export function terminalTheme(choice: ThemeChoice): ITheme {
	return isDark(choice) ? DARK : LIGHT;
}

export function matchColours(choice: ThemeChoice): MatchColours {
	return isDark(choice) ? DARK_MATCHES : LIGHT_MATCHES;
}
