/**
 * Colours of the terminal. Each text colour has a contrast of at least 4.5 to its background; in the dark palette black,
 * which programs use as a ground, is the exception.
 */
import type { ISearchOptions } from "@xterm/addon-search";
import type { ITheme } from "@xterm/xterm";

export type MatchColours = NonNullable<ISearchOptions["decorations"]>;

export const DARK: ITheme = {
	background: "#10151b",
	foreground: "#d7dee6",
	cursor: "#4fd1bd",
	cursorAccent: "#10151b",
	selectionBackground: "#2b4a5c",
	scrollbarSliderBackground: "#ffffff1f",
	scrollbarSliderHoverBackground: "#ffffff38",
	scrollbarSliderActiveBackground: "#ffffff4d",
	black: "#3b4652",
	red: "#ff7b72",
	green: "#6bd49a",
	yellow: "#e8bf6a",
	blue: "#6cb6ff",
	magenta: "#d2a8ff",
	cyan: "#4fd1bd",
	white: "#c3cdd6",
	brightBlack: "#7d8a97",
	brightRed: "#ffa198",
	brightGreen: "#8ee8b5",
	brightYellow: "#f6d793",
	brightBlue: "#96cbff",
	brightMagenta: "#e2c5ff",
	brightCyan: "#83e6d7",
	brightWhite: "#f3f6f9",
};

export const LIGHT: ITheme = {
	background: "#fdfdfe",
	foreground: "#1d2730",
	cursor: "#0c7a6b",
	cursorAccent: "#fdfdfe",
	selectionBackground: "#bfe3dd",
	scrollbarSliderBackground: "#0000001f",
	scrollbarSliderHoverBackground: "#00000038",
	scrollbarSliderActiveBackground: "#0000004d",
	black: "#1d2730",
	red: "#b3261e",
	green: "#1b7a43",
	yellow: "#875a00",
	blue: "#0b62b8",
	magenta: "#8330b5",
	cyan: "#0c7a6b",
	white: "#5b6772",
	brightBlack: "#5f6b76",
	brightRed: "#c43a31",
	brightGreen: "#1c7f46",
	brightYellow: "#8d6003",
	brightBlue: "#1a6fc4",
	brightMagenta: "#9440c4",
	brightCyan: "#0f7f70",
	brightWhite: "#3a4651",
};

/** Matches of a search: visible beside text of any colour, the active one most. */
export const DARK_MATCHES: MatchColours = {
	matchBackground: "#574a1c",
	matchOverviewRuler: "#a8862f",
	activeMatchBackground: "#8a6a10",
	activeMatchBorder: "#f1cd7c",
	activeMatchColorOverviewRuler: "#f1cd7c",
};

export const LIGHT_MATCHES: MatchColours = {
	matchBackground: "#fbe9b4",
	matchOverviewRuler: "#d9b64a",
	activeMatchBackground: "#f6cd5c",
	activeMatchBorder: "#8a5a00",
	activeMatchColorOverviewRuler: "#8a5a00",
};
