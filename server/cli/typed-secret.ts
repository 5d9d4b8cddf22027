/** A secret from standard input: typed without being shown, or read to its end. */
import type { ReadStream } from "node:tty";
import { Trouble } from "./client.ts";

const ENTER = /[\r\n]/;
const INTERRUPT = "\u0003";
const END = "\u0004";
const ERASE = new Set(["\u007f", "\b"]);
const EXIT_INTERRUPTED = 130;
/** More than any secret may have. */
const MAX_BYTES = 64 * 1024;

export async function readSecret(stdin: ReadStream, stderr: NodeJS.WriteStream, question: string): Promise<string> {
	const value = stdin.isTTY ? await typed(stdin, stderr, question) : await piped(stdin);
	if (value === "")
		throw new Trouble("the value is empty", "Type it, or pipe it in; to take one away: berth secret remove");
	return value;
}

/** One line end is the pipe's, not the secret's. */
async function piped(stdin: ReadStream): Promise<string> {
	const chunks: Buffer[] = [];
	let length = 0;
	for await (const chunk of stdin) {
		chunks.push(Buffer.from(chunk));
		length += chunk.length;
		if (length > MAX_BYTES) throw new Trouble("the value is too long", "Is it the right file?");
	}
	return Buffer.concat(chunks)
		.toString("utf8")
		.replace(/\r?\n$/, "");
}

async function typed(stdin: ReadStream, stderr: NodeJS.WriteStream, question: string): Promise<string> {
	// In this order: who types fast would see it otherwise.
	stdin.setRawMode(true);
	try {
		stderr.write(question);
		let value = "";
		for await (const chunk of stdin) {
			for (const key of Buffer.from(chunk).toString("utf8")) {
				if (key === INTERRUPT) {
					stdin.setRawMode(false);
					stderr.write("\n");
					process.exit(EXIT_INTERRUPTED);
				}
				if (ENTER.test(key) || key === END) return value;
				value = ERASE.has(key) ? [...value].slice(0, -1).join("") : value + key;
			}
		}
		return value;
	} finally {
		stdin.setRawMode(false);
		stderr.write("\n");
	}
}
