/** The audit log in the database: see core/audit-chain.ts for what binds it together. */
import { join } from "node:path";
import { setImmediate as otherWork } from "node:timers/promises";
import { type AuditEvent, type AuditTrail, isWrittenLater } from "../core/audit.ts";
import { AuditChain, type AuditMark, BEGINNING, type ChainedLine } from "../core/audit-chain.ts";
import { AuditVerifier, parsedLine, type SealedMark } from "../core/audit-verifier.ts";
import { LineBudget } from "../core/line-budget.ts";
import type { Log } from "../core/log.ts";
import { AuditLine, type AuditVerdict } from "../protocol/api.ts";
import { AuditHeadFile } from "./audit-head-file.ts";
import { makeAuditKey, readAuditKey } from "./audit-key.ts";
import { Database, type Row } from "./database.ts";

const HEAD_FILE = "audit-head";
/** Written in one transaction: a few milliseconds. */
const LINES_AT_ONCE = 200;
/** Each time is a line of its own. Some 10 ms. */
const LINES_PRUNED_AT_ONCE = 1_000;
/** What waits while the database cannot be written is kept up to so many events: some 10 MB. */
const MAX_WAITING = 10_000;
const RETRY_MS = 1_000;
/** Of whom nobody knows, from one address in a minute: failed sign-ins and the like. */
const STRANGERS_LINES = 400;
/** Hashed without a pause: some 2 ms. */
const LINES_BEFORE_OTHER_WORK = 250;

type Waiting = { event: AuditEvent; at: number };

export class SqliteAudit implements AuditTrail, Disposable {
	readonly #database: Database;
	readonly #log: Log;
	readonly #chain: AuditChain;
	readonly #headFile: AuditHeadFile;
	/** Numbers up to this one were given already, also where their lines are lost. */
	readonly #floor: number = 0;
	readonly #strangers = new LineBudget(STRANGERS_LINES);
	#waiting: Waiting[] = [];
	#soon: NodeJS.Immediate | null = null;
	#retry: NodeJS.Timeout | null = null;
	#verifying: Promise<AuditVerdict> | null = null;

	/** Key and head are kept in `dataDir`. Throws where the key is damaged. */
	constructor(database: Database, dataDir: string, log: Log) {
		this.#database = database;
		this.#log = log;
		this.#headFile = new AuditHeadFile({ file: join(dataDir, HEAD_FILE), database: database.file, log });
		const key = readAuditKey(dataDir);
		// In this order: with a key there, a head that is not was removed.
		if (key === null) this.#headFile.begin();
		this.#chain = new AuditChain(key ?? makeAuditKey(dataDir));
		const known = this.#headFile.read();
		const { seq } = this.#newest();
		this.#floor = known === "unknown" ? 0 : known.seq;
		if (seq < this.#floor) log.error({ seq, known: this.#floor }, "the end of the audit log is missing");
	}

	record(given: AuditEvent): void {
		const event = given.actor === "nobody" ? this.#strangers.admit(String(given.address), given) : given;
		if (event === null) return;
		this.#log.debug(event, "audit");
		if (this.#waiting.length >= MAX_WAITING) {
			this.#log.error({ event }, "a line of the audit log is lost");
			return;
		}
		this.#waiting.push({ event, at: Date.now() });
		const mayWait = isWrittenLater(event) && this.#waiting.length < LINES_AT_ONCE;
		if (mayWait) this.#soon ??= setImmediate(() => this.#write());
		// Once it is over, and before anybody is answered.
		else if (this.#database.isInTransaction) queueMicrotask(() => this.#writeAll());
		else this.#writeAll();
	}

	read(after: number, limit: number): AuditLine[] {
		this.#writeAll();
		return this.#database.all("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, limit).map(lineIn);
	}

	head(): number {
		this.#writeAll();
		return this.#newest().seq;
	}

	/** One at a time: whoever asks meanwhile gets the same answer. */
	verify(): Promise<AuditVerdict> {
		this.#writeAll();
		this.#verifying ??= this.#verify().finally(() => {
			this.#verifying = null;
		});
		return this.#verifying;
	}

	prune(before: number): number {
		const { lines, head } = this.#database.inTransaction(() => this.#prune(before));
		if (head !== null) this.#headFile.note(head);
		return lines;
	}

	[Symbol.dispose](): void {
		this.#stopWaiting();
		this.#writeAll();
		this.#stopWaiting();
		for (const { event } of this.#waiting) this.#log.error({ event }, "a line of the audit log is lost");
		this.#headFile[Symbol.dispose]();
	}

	/** What waits is in the database then, unless it cannot be written. */
	#writeAll(): void {
		for (let left = Number.POSITIVE_INFINITY; this.#waiting.length < left; this.#write()) left = this.#waiting.length;
	}

	#stopWaiting(): void {
		clearImmediate(this.#soon ?? undefined);
		clearTimeout(this.#retry ?? undefined);
		this.#soon = null;
		this.#retry = null;
	}

	#write(): void {
		clearImmediate(this.#soon ?? undefined);
		this.#soon = null;
		// What is undone by somebody else's failure would be missing in the log, but not outside of it.
		if (this.#database.isInTransaction) this.#soon = setImmediate(() => this.#write());
		else if (this.#waiting.length > 0 && this.#retry === null) this.#writeSome();
	}

	#writeSome(): void {
		const some = this.#waiting.slice(0, LINES_AT_ONCE);
		try {
			const head = this.#database.inTransaction(() => this.#append(some));
			this.#waiting.splice(0, some.length);
			this.#headFile.note(head);
		} catch (err) {
			this.#log.error({ err, waiting: this.#waiting.length }, "the audit log cannot be written, trying again");
			this.#retry = setTimeout(() => {
				this.#retry = null;
				this.#write();
			}, RETRY_MS).unref();
		}
		if (this.#waiting.length > 0) this.#soon ??= setImmediate(() => this.#write());
	}

	/** In a transaction that has the write lock: nobody else appends meanwhile. */
	#append(some: readonly Waiting[]): AuditMark {
		let newest = this.#newest();
		for (const { event, at } of some) {
			const { seq, text, hash } = this.#chain.next(newest, event, at);
			this.#database.run("INSERT INTO audit (seq, line, hash) VALUES (?, ?, ?)", seq, text, hash);
			newest = { seq, hash };
		}
		return newest;
	}

	/** What the next line follows. Where lines are lost their numbers stay free, and show that. */
	#newest(): AuditMark {
		const row = this.#database.get("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
		const { seq, hash } = row === null ? (prunedIn(this.#database) ?? BEGINNING) : markIn(row);
		return { seq: Math.max(seq, this.#floor), hash };
	}

	#prune(before: number): { lines: number; head: AuditMark | null } {
		const pruned = prunedIn(this.#database);
		const rows = this.#database.all(
			"SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?",
			...[pruned?.seq ?? 0, LINES_PRUNED_AT_ONCE],
		);
		const old = upTo(rows.map(chainedIn), before);
		const last = old.at(-1);
		// Lines about earlier prunings alone are not worth another one.
		if (last === undefined || old.every(({ text }) => parsedLine(text)?.action === "audit.pruned")) {
			return { lines: 0, head: null };
		}
		const verifier = new AuditVerifier(this.#chain, pruned, BEGINNING);
		for (const line of old) verifier.look(line);
		this.#database.run(
			`INSERT INTO audit_pruned (only, seq, hash, seal) VALUES (1, ?, ?, ?)
				 ON CONFLICT (only) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, seal = excluded.seal`,
			...[last.seq, last.hash, this.#chain.sealOf(last)],
		);
		const head = this.#append([{ event: prunedEvent(old.length, last, verifier.isChainWhole), at: Date.now() }]);
		this.#database.run("DELETE FROM audit WHERE seq <= ?", last.seq);
		return { lines: old.length, head };
	}

	async #verify(): Promise<AuditVerdict> {
		// Before the lines are: it must not know of any that are written meanwhile.
		const known = this.#headFile.read();
		using reader = new Database(this.#database.file);
		// All as it is in this moment, however long it takes.
		reader.run("BEGIN");
		const verifier = new AuditVerifier(this.#chain, prunedIn(reader), known);
		let rows: Row[];
		let after = Number.MIN_SAFE_INTEGER;
		do {
			rows = reader.all("SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, LINES_BEFORE_OTHER_WORK);
			for (const row of rows) verifier.look(chainedIn(row));
			after = Number(rows.at(-1)?.seq);
			await otherWork();
		} while (rows.length === LINES_BEFORE_OTHER_WORK);
		reader.run("COMMIT");
		return verifier.verdict();
	}
}

/** The lines that were written before then, from the first on. One that says nothing of its time is of the one before. */
function upTo(lines: readonly ChainedLine[], before: number): ChainedLine[] {
	const end = lines.findIndex(({ text }) => Number(parsedLine(text)?.at) >= before);
	return end === -1 ? [...lines] : lines.slice(0, end);
}

function prunedEvent(lines: number, { seq }: AuditMark, isWhole: boolean): AuditEvent {
	const by = { actor: "gateway", address: null, subject: null, result: "done" } as const;
	return { ...by, action: "audit.pruned", details: { lines, upTo: seq, isWhole } };
}

function prunedIn(database: Database): SealedMark | null {
	const row = database.get("SELECT * FROM audit_pruned");
	return row === null ? null : { ...markIn(row), seal: bytesIn(row.seal) };
}

function markIn(row: Row): AuditMark {
	return { seq: Number(row.seq), hash: bytesIn(row.hash) };
}

function chainedIn(row: Row): ChainedLine {
	return { ...markIn(row), text: String(row.line) };
}

/** Whoever changed the table may have put anything there. */
function bytesIn(value: unknown): Buffer {
	return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/** A line that was made unreadable is shown as one. */
function lineIn(row: Row): AuditLine {
	const { seq, hash, text } = chainedIn(row);
	const line = AuditLine.safeParse({ ...parsedLine(text), seq, hash: hash.toString("hex") });
	if (line.success) return line.data;
	const nothing = { actor: "?", address: null, subject: null, result: "?", details: {} };
	return { ...nothing, seq, at: 0, action: "unreadable", hash: hash.toString("hex") };
}
