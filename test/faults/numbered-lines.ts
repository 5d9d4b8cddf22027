/** Lines that can be told apart, made alike by a program in a session and by who compares what came of it. */
import { START_MARK } from "./program.ts";

/** Characters of one to three bytes each, so that cuts fall into the middle of some. */
const TEXT =
	"The quick brown fox jumps over the lazy dog 0123456789 żółw Größe ελληνικά русский 日本語 → ∞ € — ".repeat(4);
const START_STEP = 7919;
const LENGTH_STEP = 104_729;
const LARGEST_PART = 128;
/** Lines made at a time. */
const BATCH_LINES = 500;

/** The whole output of `PROGRAM` in order. */
export class NumberedLines {
	readonly #totalBytes: number;
	#line = 0;
	#made = 0;
	#ready: Buffer = Buffer.alloc(0);

	/** At least this many bytes of lines come, then the word that this is the end. */
	constructor(totalBytes: number) {
		this.#totalBytes = totalBytes;
	}

	/** The next `length` bytes; fewer where they end. */
	take(length: number): Buffer {
		while (this.#ready.length < length && !this.#isMade) this.#make();
		const taken = this.#ready.subarray(0, length);
		this.#ready = this.#ready.subarray(taken.length);
		return taken;
	}

	/** Everything has been taken. */
	get hasEnded(): boolean {
		return this.#isMade && this.#ready.length === 0;
	}

	get #isMade(): boolean {
		return this.#line < 0;
	}

	#make(): void {
		const pieces = [this.#ready];
		for (let i = 0; i < BATCH_LINES && !this.#isMade; i += 1) {
			const isLast = this.#made >= this.#totalBytes;
			const line = Buffer.from(isLast ? END_LINE : lineOf(this.#line));
			pieces.push(line);
			this.#made += line.length;
			this.#line = isLast ? -1 : this.#line + 1;
		}
		this.#ready = Buffer.concat(pieces);
	}
}

function lineOf(number: number): string {
	const start = (number * START_STEP) % LARGEST_PART;
	const length = (number * LENGTH_STEP) % LARGEST_PART;
	return `${String(number).padStart(9, "0")} ${TEXT.slice(start, start + length)}\n`;
}

const END_LINE = "that was all\n";

/**
 * Prints START_MARK, then the lines, in pieces of all sizes and with small pauses; never more than `ahead` bytes beyond
 * what was typed last: a number, the bytes of it that are on the screen. So whoever goes away for however long finds
 * everything in a buffer of that size. Numbers that do not grow were lost, doubled or mixed: it ends and says so.
 * Arguments: total, ahead.
 */
export const PROGRAM = `
import os, sys, time, tty
total, ahead = int(sys.argv[1]), int(sys.argv[2])
text = ${JSON.stringify(TEXT)}
tty.setraw(0)
seen, rest, sent, line, ended, turn = 0, b"", 0, 0, False, 0

def put(data):
    while data:
        data = data[os.write(1, data):]

def read_on():
    global seen, rest
    data = os.read(0, 65536)
    if not data: sys.exit(0)
    rest += data
    *numbers, rest = rest.split(b"\\n")
    for number in numbers:
        if int(number) <= seen:
            put(b"\\n%d was typed after %d\\n" % (int(number), seen))
            sys.exit(1)
        seen = int(number)

put(${JSON.stringify(START_MARK)}.encode())
while not ended:
    turn += 1
    size, piece = (turn * 48271) % 40000 + 1, []
    while size > 0 and not ended:
        ended = sent >= total
        start, length = line * ${START_STEP} % ${LARGEST_PART}, line * ${LENGTH_STEP} % ${LARGEST_PART}
        data = (${JSON.stringify(END_LINE)} if ended else "%09d %s\\n" % (line, text[start:start + length])).encode()
        piece.append(data)
        line, sent, size = line + 1, sent + len(data), size - len(data)
    put(b"".join(piece))
    if turn % 16 == 0: time.sleep(0.01)
    while sent > seen + ahead and not ended: read_on()
while True: read_on()
`;
