/**
 * The newest line of the audit log, kept outside of the database, so that a cut-off end is noticed. It is written once the
 * line itself is on the disk, and may lag behind; it never leads, or a crash would look like a cut.
 */
import { closeSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { z } from "zod";
import { type AuditMark, BEGINNING } from "../core/audit-chain.ts";
import type { KnownHead } from "../core/audit-verifier.ts";
import type { Log } from "../core/log.ts";
import { makePrivateFile, replacePrivateFile, replacePrivateFileLater } from "./private-file.ts";

const HeadText = z.object({
	seq: z.number().int().min(0),
	hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** How long the file lags behind at most, but for the time that the disk takes. */
const WRITE_AFTER_MS = 1_000;

export type AuditHeadFileOptions = {
	file: string;
	/** What has to be on the disk first: the database's write-ahead log. */
	database: string;
	log: Log;
};

export class AuditHeadFile implements Disposable {
	readonly #options: AuditHeadFileOptions;
	/** To be written. */
	#next: AuditMark | null = null;
	#timer: NodeJS.Timeout | null = null;
	#isWriting = false;
	#isClosed = false;

	constructor(options: AuditHeadFileOptions) {
		this.#options = options;
	}

	/** Before the first line. */
	begin(): void {
		makePrivateFile(this.#options.file, textOf(BEGINNING));
	}

	read(): KnownHead {
		try {
			const { seq, hash } = HeadText.parse(JSON.parse(readFileSync(this.#options.file, "utf8")));
			return { seq, hash: Buffer.from(hash, "hex") };
		} catch {
			return "unknown";
		}
	}

	/** The newest line that was written to the database. */
	note(mark: AuditMark): void {
		this.#next = mark;
		this.#timer ??= setTimeout(() => void this.#write(), WRITE_AFTER_MS).unref();
	}

	/** Writes what is not written yet. */
	[Symbol.dispose](): void {
		this.#isClosed = true;
		clearTimeout(this.#timer ?? undefined);
		const mark = this.#next;
		if (mark === null) return;
		try {
			const file = openSync(this.#pathOfLines, "r");
			try {
				fsyncSync(file);
			} finally {
				closeSync(file);
			}
			if (this.#isNews(mark)) replacePrivateFile(this.#options.file, textOf(mark));
		} catch (err) {
			this.#onFailure(err);
		}
	}

	/** Not in this thread: to wait for the disk may take a while. */
	async #write(): Promise<void> {
		const mark = this.#next;
		if (mark === null || this.#isWriting) return;
		this.#isWriting = true;
		try {
			await this.#waitForLines();
			await replacePrivateFileLater(this.#options.file, textOf(mark), () => !this.#isClosed && this.#isNews(mark));
			if (this.#next === mark) this.#next = null;
		} catch (err) {
			this.#onFailure(err);
		} finally {
			this.#isWriting = false;
			this.#timer = null;
			if (this.#next !== null && !this.#isClosed) this.note(this.#next);
		}
	}

	async #waitForLines(): Promise<void> {
		await using file = await open(this.#pathOfLines, "r");
		await file.sync();
	}

	/** Whoever else writes to the log may have come further. */
	#isNews({ seq }: AuditMark): boolean {
		const there = this.read();
		return there === "unknown" || there.seq < seq;
	}

	/**
	 * Lines that have left it already are in the database's own file, and on the disk. That file must not be opened here:
	 * to close it would give up SQLite's locks on it.
	 */
	get #pathOfLines(): string {
		return `${this.#options.database}-wal`;
	}

	#onFailure(err: unknown): void {
		this.#options.log.warn({ err }, "the newest line of the audit log could not be noted; it lags behind");
	}
}

function textOf({ seq, hash }: AuditMark): string {
	return `${JSON.stringify({ seq, hash: hash.toString("hex") })}\n`;
}
