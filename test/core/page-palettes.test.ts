import assert from "node:assert/strict";
import { test } from "node:test";
import { DARK, LIGHT } from "../../web/container-terminal/palettes.ts";

/** What WCAG AA asks of text. */
const LEAST = 4.5;
const NAMES = ["red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;
const BRIGHT_NAMES = ["brightBlack", "brightRed", "brightGreen", "brightYellow", "brightBlue"] as const;
const MORE_BRIGHT_NAMES = ["brightMagenta", "brightCyan", "brightWhite", "foreground", "cursor"] as const;
const TEXT_COLOURS = [...NAMES, ...BRIGHT_NAMES, ...MORE_BRIGHT_NAMES];

/** Relative luminance, as WCAG 2 defines it. */
function luminance(colour: string): number {
	const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
		const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
		return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one = "", other = ""): number {
	const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
	return (light + 0.05) / (dark + 0.05);
}

for (const [title, palette] of Object.entries({ dark: DARK, light: LIGHT })) {
	test(`each text colour of the ${title} palette can be read on its ground`, () => {
		for (const name of TEXT_COLOURS) {
			const ratio = contrast(palette[name], palette.background);
			assert.ok(ratio >= LEAST, `${name} has ${ratio.toFixed(2)}`);
		}
		const selected = contrast(palette.foreground, palette.selectionBackground);
		assert.ok(selected >= LEAST, `selected text has ${selected.toFixed(2)}`);
	});
}
