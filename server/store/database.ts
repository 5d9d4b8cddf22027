/** The gateway's memory: one SQLite file, which several stores share, each with tables of its own. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Sqlite from "better-sqlite3";
import { migrate } from "./migrations.ts";

/** A second gateway on the same file holds the lock for microseconds; this long means that something is broken. */
const BUSY_TIMEOUT_MS = 5_000;

export type Row = Readonly<Record<string, unknown>>;

export class Database implements Disposable {
	readonly file: string;
	readonly #sqlite: Sqlite.Database;
	/** By their text. */
	readonly #statements = new Map<string, Sqlite.Statement<unknown[]>>();

	/** Opens or creates the file and brings its schema up to date. Throws where it was made by a newer Berth. */
	constructor(file: string) {
		this.file = file;
		mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
		this.#sqlite = new Sqlite(file);
		this.#sqlite.pragma("journal_mode = WAL");
		// In WAL mode NORMAL keeps the file whole through a crash; only the last moments before a power cut may be lost.
		this.#sqlite.pragma("synchronous = NORMAL");
		this.#sqlite.pragma("foreign_keys = ON");
		this.#sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
		migrate(this.#sqlite);
	}

	/** The first row; null where there is none. */
	get(sql: string, ...values: unknown[]): Row | null {
		const row = this.#statement(sql).get(...values);
		return row === undefined ? null : Object(row);
	}

	all(sql: string, ...values: unknown[]): Row[] {
		return this.#statement(sql).all(...values) as Row[];
	}

	/** Rows one after the other; nothing else may be asked of the database meanwhile. */
	each(sql: string, ...values: unknown[]): Iterable<Row> {
		return this.#statement(sql).iterate(...values) as Iterable<Row>;
	}

	/** Returns how many rows it changed, and the number of the last that it added. */
	run(sql: string, ...values: unknown[]): { changes: number; lastRow: number } {
		const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
		return { changes, lastRow: Number(lastInsertRowid) };
	}

	/** IMMEDIATE takes the write lock at the start, so that what was read still holds when it is written. */
	inTransaction<T>(work: () => T): T {
		return this.#sqlite.transaction(work).immediate();
	}

	/** As `inTransaction`; and what it wrote outlasts a power cut. */
	inDurableTransaction<T>(work: () => T): T {
		this.#sqlite.pragma("synchronous = FULL");
		try {
			return this.inTransaction(work);
		} finally {
			this.#sqlite.pragma("synchronous = NORMAL");
		}
	}

	/** Whether what is written now is undone where the work around it fails. */
	get isInTransaction(): boolean {
		return this.#sqlite.inTransaction;
	}

	[Symbol.dispose](): void {
		this.#sqlite.close();
	}

	/** Compiled once: to compile one takes longer than to run it, and each event of a page runs two. */
	#statement(sql: string): Sqlite.Statement<unknown[]> {
		const known = this.#statements.get(sql);
		if (known !== undefined) return known;
		const statement = this.#sqlite.prepare<unknown[]>(sql);
		this.#statements.set(sql, statement);
		return statement;
	}
}
