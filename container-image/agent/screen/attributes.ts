/** How xterm.js packs the attributes of a cell, and the sequences that say them. */
import type { Attributes } from "./terminal-internals.ts";

const COLOUR_MODE = 0x3000000;
const PALETTE_16 = 0x1000000;
const PALETTE_256 = 0x2000000;
const RGB = 0x3000000;

const FG_FLAGS: readonly (readonly [number, number])[] = [
	[0x8000000, 1],
	[0x20000000, 5],
	[0x4000000, 7],
	[0x40000000, 8],
	[0x80000000, 9],
];
const BG_FLAGS: readonly (readonly [number, number])[] = [
	[0x8000000, 2],
	[0x4000000, 3],
	[0x40000000, 53],
];
const UNDERLINE = 0x10000000;
const HAS_EXTENDED = 0x10000000;
const PROTECTED = 0x20000000;
const BACKGROUND = 0x3ffffff;
const SINGLE_UNDERLINE = 1;

/** Equal for attributes that look the same. Links are told apart by `linkIdOf`. */
export function styleKey({ fg, bg, extended }: Attributes): string {
	if ((bg & HAS_EXTENDED) === 0) return `${fg};${bg}`;
	return `${fg};${bg};${extended.underlineStyle};${extended.underlineColor}`;
}

/** Background alone: all that a cell with nothing printed in it shows. */
export function backgroundOf(bg: number): number {
	return bg & BACKGROUND;
}

/** 0 where there is no link. */
export function linkIdOf({ bg, extended }: Attributes): number {
	return (bg & HAS_EXTENDED) === 0 ? 0 : extended.urlId;
}

export function isProtected({ bg }: Pick<Attributes, "bg">): boolean {
	return (bg & PROTECTED) !== 0;
}

/** As `styleSequence`, for what is printed next: a colour of underlines may be set while nothing is underlined. */
export function penSequence(attributes: Attributes): string {
	const { fg, bg, extended } = attributes;
	return styleSequence({ fg, bg: bg | HAS_EXTENDED, extended });
}

/** Sets exactly these attributes, whatever was set before. Not the link, nor the protection. */
export function styleSequence(attributes: Pick<Attributes, "fg" | "bg"> & Partial<Attributes>): string {
	const { fg, bg, extended } = attributes;
	const codes = [
		...FG_FLAGS.filter(([flag]) => (fg & flag) !== 0).map(([, code]) => String(code)),
		...BG_FLAGS.filter(([flag]) => (bg & flag) !== 0).map(([, code]) => String(code)),
		...colourCodes(fg, 30),
		...colourCodes(bg, 40),
		...underlineCodes(fg, (bg & HAS_EXTENDED) === 0 ? undefined : extended),
	];
	return codes.length === 0 ? "\x1b[m" : `\x1b[0;${codes.join(";")}m`;
}

/** `base` is 30 for text and 40 for background. */
function colourCodes(packed: number, base: number): string[] {
	const value = packed & 0xffffff;
	switch (packed & COLOUR_MODE) {
		case PALETTE_16:
			return [String((value & 0xff) < 8 ? base + (value & 0xff) : base + 52 + (value & 0xff))];
		case PALETTE_256:
			return [`${base + 8};5;${value & 0xff}`];
		case RGB:
			return [`${base + 8};2;${value >>> 16};${(value >>> 8) & 0xff};${value & 0xff}`];
		default:
			return [];
	}
}

function underlineCodes(fg: number, extended: Attributes["extended"] | undefined): string[] {
	// A link has its own kind of underline, which is not the program's.
	const style = extended === undefined || extended.urlId !== 0 ? 0 : extended.underlineStyle;
	const isUnderlined = (fg & UNDERLINE) !== 0;
	const codes = style > SINGLE_UNDERLINE && isUnderlined ? [`4:${style}`] : isUnderlined ? ["4"] : [];
	const colour = extended?.underlineColor ?? 0;
	const value = colour & 0xffffff;
	switch (colour & COLOUR_MODE) {
		case PALETTE_16:
		case PALETTE_256:
			return [...codes, `58:5:${value & 0xff}`];
		case RGB:
			return [...codes, `58:2::${value >>> 16}:${(value >>> 8) & 0xff}:${value & 0xff}`];
		default:
			return codes;
	}
}
