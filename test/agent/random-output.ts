/** Output as nobody would write it, to find what a terminal emulator can be brought to. */
import fc from "fast-check";

const number = (max: number) => fc.integer({ min: 0, max });
const text = fc.constantFrom(
	"a",
	"hello ",
	"漢字",
	"é",
	"e\u0301",
	"👩‍👩‍👧",
	"┌─┐",
	"The quick brown fox jumps",
	" ",
	"0123456789ab",
	"字",
);
const line = fc.constantFrom("\r\n", "\n", "\r", "\b", "\t", "\x0b");
const sgr = fc
	.array(
		fc.constantFrom(
			"0",
			"1",
			"2",
			"3",
			"4",
			"4:3",
			"5",
			"7",
			"8",
			"9",
			"22",
			"24",
			"27",
			"31",
			"44",
			"97",
			"103",
			"38;5;200",
			"48;2;1;2;3",
			"53",
			"58;5;9",
			"39",
			"49",
		),
		{ minLength: 1, maxLength: 3 },
	)
	.map((codes) => `\x1b[${codes.join(";")}m`);
const move = fc
	.tuple(number(6), number(13), fc.constantFrom("A", "B", "C", "D", "G", "d", "H", "E", "F", "a", "e", "`"))
	.map(([a, b, final]) => (final === "H" ? `\x1b[${a};${b}H` : `\x1b[${a}${final}`));
/** xterm.js throws at `1J` where the cursor waits behind the end of the last row; `\r` brings it back. */
const ERASURES = ["\x1b[0J", "\r\x1b[1J", "\x1b[2J", "\x1b[0K", "\x1b[1K", "\x1b[2K"];
const edit = fc.oneof(
	fc.constantFrom(...ERASURES),
	fc
		.tuple(number(4), fc.constantFrom("X", "P", "@", "L", "M", "S", "T", "b"))
		.map(([count, final]) => `\x1b[${count}${final}`),
);
const other = fc.constantFrom(
	"\x1b7",
	"\x1b8",
	"\x1b[s",
	"\x1b[u",
	"\x1bD",
	"\x1bM",
	"\x1bE",
	"\x1bH",
	"\x1b[g",
	"\x1b[3g",
	"\x1b[2;4r",
	"\x1b[r",
	"\x1b[?6h",
	"\x1b[?6l",
	"\x1b[4h",
	"\x1b[4l",
	"\x1b(0",
	"\x1b(B",
	"\x1b[?25l",
	"\x1b[?1h",
	"\x1b[?1000h",
	"\x1b[?1006h",
	"\x1b[?2004h",
	"\x1b[?1049h",
	"\x1b[?1049l",
	"\x1b[?1047h",
	"\x1b[?1047l",
	"\x1b[?47h",
	"\x1b[?47l",
	'\x1b[1"q',
	'\x1b[0"q',
	"\x1b#8",
	"\x1b[!p",
	"\x1bc",
	"\x1b=",
	"\x1b[?45h",
);
export const part = fc.oneof(
	{ weight: 4, arbitrary: text },
	{ weight: 3, arbitrary: line },
	{ weight: 2, arbitrary: sgr },
	{ weight: 2, arbitrary: move },
	{ weight: 2, arbitrary: edit },
	{ weight: 2, arbitrary: other },
);
