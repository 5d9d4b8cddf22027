/** An audit log in a folder of its own, and what somebody can do to its tables with SQLite at hand. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import Sqlite from "better-sqlite3";
import type { AuditEvent } from "../../server/core/audit.ts";
import { Database } from "../../server/store/database.ts";
import { SqliteAudit } from "../../server/store/sqlite-audit.ts";
import { RecordingLog } from "./recording-log.ts";

export const DATABASE_FILE = "berth.sqlite";

/** What happened, told apart by a number. */
export function happening(number: number, more: Partial<AuditEvent> = {}): AuditEvent {
	return {
		...{ actor: "user:ada", address: "192.0.2.1", action: "user.changed", subject: "bob", result: "done" },
		...{ details: { number } },
		...more,
	};
}

export class AuditFixture implements Disposable {
	readonly dataDir: string;
	readonly log = new RecordingLog();
	#database: Database;
	audit: SqliteAudit;

	constructor(t: Pick<TestContext, "after">, dataDir = mkdtempSync(join(tmpdir(), "berth-audit-"))) {
		this.dataDir = dataDir;
		this.#database = new Database(this.file);
		this.audit = new SqliteAudit(this.#database, dataDir, this.log);
		t.after(() => {
			this[Symbol.dispose]();
			rmSync(dataDir, { recursive: true, force: true });
		});
	}

	get file(): string {
		return join(this.dataDir, DATABASE_FILE);
	}

	write(lines: number): void {
		for (let number = 1; number <= lines; number += 1) this.audit.record(happening(number));
	}

	/** Closes it, so that all of it is in its files, and opens it again. `between`: something is done to the files. */
	reopen(between: () => void = () => {}): void {
		this[Symbol.dispose]();
		between();
		this.#database = new Database(this.file);
		this.audit = new SqliteAudit(this.#database, this.dataDir, this.log);
	}

	/** As whoever can write the database, and does not mind the triggers. */
	tamper(...statements: string[]): void {
		const sqlite = new Sqlite(this.file);
		for (const { name } of sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all() as Named[]) {
			sqlite.exec(`DROP TRIGGER ${name}`);
		}
		for (const statement of statements) sqlite.exec(statement);
		sqlite.close();
	}

	/** As whoever can write the database, and minds the triggers. Throws what SQLite says. */
	attempt(statement: string): void {
		const sqlite = new Sqlite(this.file);
		try {
			sqlite.exec(statement);
		} finally {
			sqlite.close();
		}
	}

	[Symbol.dispose](): void {
		this.audit[Symbol.dispose]();
		this.#database[Symbol.dispose]();
	}
}

type Named = { name: string };
