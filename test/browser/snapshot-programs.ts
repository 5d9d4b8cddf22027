/**
 * Output as programs and the test suites of terminals (esctest, vttest) print it, for comparing a terminal that saw all
 * of it with one that came later.
 */

export type Program = {
	/** What it is about. */
	title: string;
	/** Printed first, a long time ago. */
	output: string;
	/** Printed last before the other terminal comes: may end within a character or a sequence. */
	cut?: Uint8Array;
	/** Printed when both are there: shows what cannot be seen by then. */
	rest: string | Uint8Array;
};

const FILLED = Array.from({ length: 24 }, (_, row) => `\x1b[${row + 1};1Hrow ${row} ${"abcdefgh".repeat(8)}`).join("");
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const SCROLLING: Program[] = [
	{
		title: "a scroll region with the cursor in it",
		output: `${FILLED}\x1b[5;12r\x1b[12;1H`,
		rest: "one\ntwo\nthree\n\x1b[5;1H\x1bM\x1bMabove\x1b[2L\x1b[3M\x1b[2S\x1b[T",
	},
	{
		title: "origin mode: the region's corner is the screen's",
		output: `${FILLED}\x1b[4;20r\x1b[?6h\x1b[3;7H`,
		rest: "here\x1b[H corner\x1b[99;99Hend\x1b[?6l\x1b[Htop",
	},
	{
		title: "a region above the cursor",
		output: `${FILLED}\x1b[2;6r\x1b[20;1H`,
		rest: "\n\n\n\n\n\nlast row does not scroll",
	},
	{ title: "DECALN, half erased", output: "\x1b#8\x1b[12;40H\x1b[1J\x1b[5K\x1b[44m\x1b[20;10H\x1b[0J", rest: "x" },
	{ title: "insert mode", output: "abcdef\x1b[3G\x1b[4h", rest: "XY\x1b[4lZ\x1b[2@\x1b[P\x1b[3X" },
	{
		title: "tab stops of its own",
		output: "\x1b[3g\x1b[6G\x1bH\x1b[21G\x1bH\x1b[50G\x1bH\r",
		rest: "a\tb\tc\td\te\x1b[2Zz",
	},
	{ title: "line feeds that return the carriage", output: "\x1b[20hone", rest: "\x0btwo\x0cthree\x1b[20lfour\x0bfive" },
	{ title: "reverse wrap", output: `\x1b[?45h${"w".repeat(85)}`, rest: `${"\b".repeat(9)}*` },
];

const EDGE: Program[] = [
	{ title: "a cursor that waits beyond the edge", output: `\x1b[3;1H${"e".repeat(80)}`, rest: "next" },
	{ title: "no wrapping", output: `\x1b[?7l\x1b[2;70H${"0123456789".repeat(3)}`, rest: "last\x1b[?7h wraps\n" },
	{ title: "a wide character that does not fit into the last column", output: "\x1b[1;80H你好\x1b[4;79H界", rest: "b" },
	{
		title: "half of a wide character written over",
		output: "\x1b[1;1H你好世界\x1b[1;2Hx\x1b[1;5Hy",
		rest: "\x1b[1;7H\x1b[Pz",
	},
	{
		title: "characters with accents of their own",
		output: "e\u0301 a\u0308\u0323 🇫🇷 👩\u200d👩\u200d👧 \u0915\u093f न\u094d",
		rest: "o\u0302",
	},
	{ title: "tabs between words, and what was erased of them", output: "a\tb\t\tc\x1b[4G\x1b[2X\n\ttab\n", rest: "\td" },
	{
		title: "long lines that wrap, and are cut",
		output: `${"long ".repeat(60)}\n${"x".repeat(80)}\n${"y".repeat(161)}`,
		rest: "\x1b[A\x1b[Kz",
	},
	{
		title: "cells erased in colour",
		output: "\x1b[41m\x1b[2J\x1b[42m\x1b[5;5H\x1b[10X\x1b[46m\x1b[8;1H\x1b[K\x1b[m\x1b[9;1H",
		rest: "\x1b[45m\x1b[2K\x1b[L",
	},
	{ title: "protected characters", output: '\x1b[1"qkept\x1b[0"q lost\x1b[1"q', rest: "more\x1b[1G\x1b[?2K" },
];

const SCREENS: Program[] = [
	{ title: "another alphabet", output: "\x1b(A# is a pound", rest: "# \x1b(B#" },
	{
		title: "a soft reset amid it all",
		output: `${FILLED}\x1b[3;9r\x1b[?6h\x1b[4h\x1b[7m\x1b(0\x1b[!p`,
		rest: "lqk\n\n\n",
	},
	{
		title: "a cursor saved in origin mode",
		output: "\x1b[5;20r\x1b[?6h\x1b[3;3H\x1b[32m\x1b[s\x1b[?6l\x1b[r\x1b[m",
		rest: "\x1b[ua\n\x1b[Hb",
	},
	...[47, 1047, 1049].map((mode) => ({
		title: `the alternate screen, as ${mode}`,
		output: `before\n\x1b[33mcolour\n\x1b[?${mode}h\x1b[2J\x1b[3;3H\x1b[7malternate`,
		rest: `!\x1b[?${mode}lback`,
	})),
	{
		title: "a saved cursor with colours and line drawing",
		output: "\x1b[10;20H\x1b[1;35m\x1b(0\x1b7\x1b(B\x1b[m\x1b[2;2H",
		rest: "plain\x1b8lqqk",
	},
	{
		title: "a cursor saved on each screen",
		output: "\x1b[5;5H\x1b7\x1b[?1047h\x1b[9;9H\x1b[32m\x1b7\x1b[H",
		rest: "\x1b8a\x1b[?1047l\x1b8b",
	},
	{ title: "line drawing on both shifts", output: "\x1b)0\x0elqqwqqk\x0fx\x0e", rest: "mqqvqqj\x0fplain" },
	{
		title: "an open link",
		output: "\x1b]8;id=a;https://example.org/one\x07li\x1b]8;;\x07nk \x1b]8;;https://example.org/two\x07op",
		rest: "en\x1b]8;;\x07 closed",
	},
];

const LOOKS: Program[] = [
	{ title: "a title put aside", output: "\x1b]2;first\x07\x1b[22;0t\x1b]2;second\x07", rest: "\x1b[23;0ttext" },
	{ title: "drawing that was asked to wait", output: "seen\x1b[?2026hnot yet", rest: " seen\x1b[?2026l" },
	{
		title: "all attributes and colours",
		output: [
			...[1, 2, 3, 4, 5, 7, 8, 9, 21, 53].map((code) => `\x1b[0;${code}mattribute ${code}\x1b[m `),
			...[2, 3, 4, 5].map((style) => `\x1b[0;4:${style};58:5:${style + 100}munder ${style}\x1b[m `),
			...Array.from({ length: 16 }, (_, code) => `\x1b[38;5;${code};48;5;${15 - code}mc${code}`),
			"\x1b[0;38;2;1;2;3;48;2;250;128;7mtrue\x1b[93;104mbright\x1b[38;5;200m",
		].join(""),
		rest: "goes on\x1b[39mhere",
	},
	{
		title: "colours of underlines in what comes next",
		output: "\x1b[4:3m\x1b[58:2::1:2:3mwave",
		rest: "wave\x1b[59mon\x1b[24moff",
	},
	{
		title: "another palette",
		output: "\x1b]4;1;rgb:12/34/56;20;#abcdef\x07\x1b]10;#112233\x07\x1b]11;rgb:fe/dc/ba\x07\x1b[31mred",
		rest: "\x1b]104;1\x07\x1b]111\x07red",
	},
	{ title: "a title", output: "\x1b]0;icon and window\x07\x1b]2;żółć – a title; with semicolon\x1b\\", rest: "text" },
	{ title: "shapes of the cursor, hidden", output: "\x1b[4 q\x1b[?25l", rest: "\x1b[?25h\x1b[5 q" },
	{
		title: "mouse, focus and paste modes",
		output: "\x1b[?1002;1006;1004;2004h\x1b[?1h\x1b=",
		rest: "\x1b[?1002l\x1b[?1000h",
	},
];

const CUTS: Program[] = [
	{
		title: "a character cut after its first byte",
		output: "before ",
		cut: bytes("é").subarray(0, 1),
		rest: bytes("é").subarray(1),
	},
	{
		title: "an emoji cut after three bytes",
		output: "ship ",
		cut: bytes("🚢").subarray(0, 3),
		rest: bytes("🚢").subarray(3),
	},
	{ title: "a colour cut in its numbers", output: "text ", cut: bytes("\x1b[38;5;1"), rest: "96mcoloured" },
	{ title: "a cut right behind the escape", output: "text ", cut: bytes("\x1b"), rest: "[10;10Hthere" },
	{ title: "a title cut in the middle", output: "text ", cut: bytes("\x1b]2;half a ti"), rest: "tle\x07 printed" },
	{
		title: "a string of a kind that is not shown, cut",
		output: "text ",
		cut: bytes("\x1bPq#0;2;0"),
		rest: ";0;0#0~~\x1b\\ printed",
	},
];

/** First characters of rows, and what comes behind each character of the row. */
const TABLE_ROWS: readonly (readonly [number, string])[] = [
	[0x2500, ""],
	[0x2580, ""],
	[0x1f600, ""],
	[0x1f300, ""],
	[0x1f44b, "\u{1f3fd}"],
	[0x1f468, "\u200d\u{1f4bb}"],
	[0x1f1e6, "\u{1f1fa}"],
	[0x4e00, ""],
	[0xac00, ""],
	[0x3041, "\u3099"],
	[0xff21, ""],
	[0x5d0, ""],
	[0x627, "\u064e"],
	[0x915, "\u093f"],
	[0xe01, "\u0e31"],
	[0x61, "\u0301\u0323"],
	[0x2764, "\ufe0f"],
	[0xe0a0, ""],
	[0x1d400, ""],
	[0x2800, ""],
];

const tableRow = (first: number, suffix: string, row: number): string => {
	const characters = Array.from({ length: 24 }, (_, column) => String.fromCodePoint(first + column) + suffix);
	return `\x1b[${row + 1};1H\x1b[38;5;${row + 100};48;5;${row + 17}m${characters.join("")}\x1b[K`;
};

/** A full screen of characters of all widths. */
const TABLE: Program = {
	title: "a screen full of Unicode and emoji",
	output: `\x1b[?1049h${TABLE_ROWS.map(([first, suffix], row) => tableRow(first, suffix, row)).join("")}`,
	rest: "\x1b[3;5H\x1b[4P\x1b[8;4H\x1b[3@\x1b[5;1H\x1b[L\x1b[20;20Hend",
};

export const PROGRAMS: readonly Program[] = [TABLE, ...SCROLLING, ...EDGE, ...SCREENS, ...LOOKS, ...CUTS];
