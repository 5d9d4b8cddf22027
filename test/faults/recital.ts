/** A program that is given its whole output first and then prints it piece by piece, exactly as far as it is told. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HeadlessScreen } from "./headless-screen.ts";
import type { PageModel } from "./page-model.ts";
import { START_MARK, startOf } from "./program.ts";

const PROGRAM = `
import os, sys, time, tty
tty.setraw(0)
os.write(1, b"${"\\x1e"}ready${"\\x1e"}")
total, rest, at = int(sys.argv[1]), b"", 0
while len(rest) < total: rest += os.read(0, 65536)
text, rest = rest[:total], rest[total:]
os.write(1, ${JSON.stringify(START_MARK)}.encode())
while True:
    *orders, rest = rest.split(b"\\n")
    for order in orders:
        pause, end = map(int, order.split())
        time.sleep(pause / 1000)
        while at < end: at += os.write(1, text[at:end])
    data = os.read(0, 65536)
    if not data: break
    rest += data
`;
const READY_MARK = "\x1eready\x1e";

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 5;

export class Recital {
	readonly output: Buffer;
	readonly #page: PageModel;
	/** Offset of its first byte in the session's output. */
	#start = 0;

	/** `screen` is the page's; nothing breaks meanwhile. */
	static async begin(page: PageModel, output: Buffer, screen: HeadlessScreen): Promise<Recital> {
		const recital = new Recital(page, output);
		page.type(startOf(PROGRAM, output.length));
		await until(() => screen.tail.includes(READY_MARK), "the program to read");
		page.type(output);
		await until(() => screen.tail.endsWith(START_MARK), "the program to be ready");
		await page.untilParsed();
		recital.#start = page.parsed ?? 0;
		return recital;
	}

	private constructor(page: PageModel, output: Buffer) {
		this.#page = page;
		this.output = output;
	}

	/** Has it print on, up to this byte of its output, at once or a little later. */
	printTo(end: number, afterMs = 0): void {
		this.#page.type(`${afterMs} ${end}\n`);
	}

	/** Resolves once that is on this page's screen. */
	async untilShown(page: PageModel, end: number): Promise<void> {
		await until(
			() => (page.parsed ?? 0) >= this.#start + end,
			() => `byte ${end} to be shown: ${page.description}`,
		);
	}
}

/** Resolves once `isTrue` is. */
export async function until(isTrue: () => boolean, what: string | (() => string)): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	while (!isTrue()) {
		if (performance.now() > deadline) throw new Error(`waited for ${typeof what === "string" ? what : what()}`);
		await sleep(LOOK_EVERY_MS);
	}
}
