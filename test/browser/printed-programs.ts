/** Programs' output printed by a real shell, and terminals without a window that read what a page is sent. */
import { createRequire } from "node:module";
import type { Terminal } from "@xterm/headless";
import { dumpScreen, type ScreenDump } from "../../web/container-terminal/screen-dump.ts";
import type { PageClient, Screen } from "../support/page-client.ts";
import type { Program } from "./snapshot-programs.ts";

const load = createRequire(import.meta.url);
const headless: { Terminal: typeof Terminal } = load("@xterm/headless");
const { Unicode11Addon } = load("@xterm/addon-unicode11");

const SIZE = { cols: 80, rows: 24 };
const SCROLLBACK_LINES = 10_000;
const PRINTABLE = /[^ -&(-[\]-~]/g;

/** Everything, and colours of the palette. */
const RESET = "\x1b[?1049l\x1bc\x1b]104\x07\x1b]110\x07\x1b]111\x07";

/** A string that no terminal shows: says that what is before it has been printed. */
export function markOf(name: string): string {
	return `\x1b]777;${name}\x07`;
}

/**
 * A command line for bash: prints the program's output, then `paddingBytes` that change nothing, and after a key what
 * remains. Shows `markOf` `padded` before the cut, and `rested` at the end.
 */
export function commandOf({ output, cut = new Uint8Array(), rest }: Program, paddingBytes: number): string {
	const print = (...parts: (string | Uint8Array)[]): string => `printf %s ${quote(Buffer.concat(parts.map(toBuffer)))}`;
	return [
		"stty -echo",
		print("\x1bc", output),
		`head -c ${paddingBytes} /dev/zero`,
		print(markOf("padded"), cut),
		"read -rsn1",
		print(rest, markOf("rested")),
		"read -rsn1",
		print(RESET),
		"stty echo",
	].join("; ");
}

function toBuffer(part: string | Uint8Array): Buffer {
	return Buffer.from(part as Uint8Array);
}

/** In bash's own quotes, so that what is typed is plain text. */
function quote(bytes: Buffer): string {
	const text = bytes.toString("latin1");
	return `$'${text.replace(PRINTABLE, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)}'`;
}

/** What a terminal shows that has read all that the page was sent. */
export async function drawn({ text }: Screen): Promise<ScreenDump> {
	const terminal = new headless.Terminal({ ...SIZE, scrollback: SCROLLBACK_LINES, allowProposedApi: true });
	terminal.loadAddon(new Unicode11Addon());
	terminal.unicode.activeVersion = "11";
	await new Promise<void>((resolve) => terminal.write(Buffer.from(text, "latin1"), resolve));
	const dump = dumpScreen(terminal);
	terminal.dispose();
	return dump;
}

/** Types the program's command line into a new session and waits until all before its cut is there. */
export async function begin(client: PageClient, program: Program, paddingBytes: number): Promise<Screen> {
	const screen = await client.open(program.title.replaceAll(/[^\w ]/g, "").slice(0, 30));
	await client.until(() => /[$#] $/.test(screen.text), "a prompt");
	client.type(screen, `${commandOf(program, paddingBytes)}\r`);
	const end = markOf("padded") + toBuffer(program.cut ?? "").toString("latin1");
	await client.until(() => screen.text.endsWith(end), `${program.title} to be printed`);
	return screen;
}
