/** Any single change of the audit log's tables is found, whatever it is. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { AuditFixture, DATABASE_FILE } from "../support/audit-fixture.ts";

/** Lines 1 to 20 were pruned, 21 to 61 are there. */
const FIRST = 21;
const LAST = 61;

let base = "";

before((t) => {
	base = mkdtempSync(join(tmpdir(), "berth-fuzz-"));
	// Removed with the fixture.
	const log = new AuditFixture(t as TestContext, base);
	log.write(20);
	log.audit.prune(Date.now() + 1);
	log.write(LAST - FIRST);
	log.reopen();
});

type Row = { seq: number; line: string; hash: Buffer };
type Change = { name: string; make(sqlite: Sqlite.Database): void };

const row = (sqlite: Sqlite.Database, seq: number): Row =>
	sqlite.prepare<[number], Row>("SELECT * FROM audit WHERE seq = ?").get(seq) ?? assert.fail(`no line ${seq}`);
const put = (sqlite: Sqlite.Database, { seq, line, hash }: Row): void => {
	sqlite.prepare("INSERT OR REPLACE INTO audit VALUES (?, ?, ?)").run(seq, line, hash);
};
const anyLine = fc.integer({ min: FIRST, max: LAST });
/** Another value for one byte. */
const otherByte = fc.integer({ min: 1, max: 255 });

function withOtherByte(bytes: Buffer, at: number, by: number): Buffer {
	const other = Buffer.from(bytes);
	const index = at % other.length;
	other[index] = (other[index] ?? 0) ^ by;
	return other;
}

const textChanges = fc.tuple(anyLine, fc.nat(), fc.string({ maxLength: 3 }), fc.nat(4)).map(
	([seq, at, text, skip]): Change => ({
		name: `text of ${seq}`,
		make: (sqlite) => {
			const old = row(sqlite, seq);
			const from = at % old.line.length;
			const line = old.line.slice(0, from) + text + old.line.slice(from + skip);
			fc.pre(line !== old.line);
			put(sqlite, { ...old, line });
		},
	}),
);
const hashChanges = fc.tuple(anyLine, fc.nat(), otherByte).map(
	([seq, at, by]): Change => ({
		name: `hash of ${seq}`,
		make: (sqlite) => {
			const old = row(sqlite, seq);
			put(sqlite, { ...old, hash: withOtherByte(old.hash, at, by) });
		},
	}),
);
const hashLengths = fc.tuple(anyLine, fc.nat(31)).map(
	([seq, length]): Change => ({
		name: `hash of ${seq}, cut to ${length}`,
		make: (sqlite) => put(sqlite, { ...row(sqlite, seq), hash: row(sqlite, seq).hash.subarray(0, length) }),
	}),
);
const removals = fc.tuple(anyLine, fc.nat(50)).map(
	([from, more]): Change => ({
		name: `${more + 1} lines from ${from} on are removed`,
		make: (sqlite) => sqlite.prepare("DELETE FROM audit WHERE seq BETWEEN ? AND ?").run(from, from + more),
	}),
);
const swaps = fc.tuple(anyLine, anyLine).map(
	([one, other]): Change => ({
		name: `${one} and ${other} change places`,
		make: (sqlite) => {
			fc.pre(one !== other);
			const [first, second] = [row(sqlite, one), row(sqlite, other)];
			put(sqlite, { ...first, seq: other });
			put(sqlite, { ...second, seq: one });
		},
	}),
);
const insertions = fc.tuple(anyLine, fc.integer({ min: -5, max: 200 }), fc.boolean()).map(
	([of, seq, isRenumbered]): Change => ({
		name: `a copy of ${of} as ${seq}`,
		make: (sqlite) => {
			fc.pre(of !== seq);
			const old = row(sqlite, of);
			const line = isRenumbered ? old.line.replace(/"seq":\d+/, `"seq":${seq}`) : old.line;
			put(sqlite, { ...old, seq, line });
		},
	}),
);
const renumberings = fc.tuple(anyLine, fc.integer({ min: -5, max: 200 })).map(
	([of, seq]): Change => ({
		name: `${of} becomes ${seq}`,
		make: (sqlite) => {
			fc.pre(of !== seq);
			sqlite.prepare("UPDATE OR REPLACE audit SET seq = ? WHERE seq = ?").run(seq, of);
		},
	}),
);
const markChanges = fc
	.tuple(fc.constantFrom("hash", "seal"), fc.nat(), otherByte, fc.integer({ min: -5, max: 200 }), fc.nat(2))
	.map(
		([column, at, by, seq, kind]): Change => ({
			name: `what stands for the pruned lines: ${kind === 0 ? column : kind === 1 ? seq : "nothing"}`,
			make: (sqlite) => {
				const mark = sqlite.prepare<[], { seq: number; value: Buffer }>(
					`SELECT seq, ${column} AS value FROM audit_pruned`,
				);
				const old = mark.get() ?? assert.fail("nothing was pruned");
				fc.pre(kind !== 1 || seq !== old.seq);
				if (kind === 0) sqlite.prepare(`UPDATE audit_pruned SET ${column} = ?`).run(withOtherByte(old.value, at, by));
				else if (kind === 1) sqlite.prepare("UPDATE audit_pruned SET seq = ?").run(seq);
				else sqlite.exec("DELETE FROM audit_pruned");
			},
		}),
	);

async function verdictAfter({ make }: Change): Promise<boolean> {
	const dataDir = mkdtempSync(join(tmpdir(), "berth-fuzz-"));
	try {
		cpSync(base, dataDir, { recursive: true });
		const sqlite = new Sqlite(join(dataDir, DATABASE_FILE));
		for (const name of sqlite.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").pluck().all()) {
			sqlite.exec(`DROP TRIGGER ${name}`);
		}
		make(sqlite);
		sqlite.close();
		using log = new AuditFixture({ after: () => {} }, dataDir);
		return (await log.audit.verify()).isWhole;
	} finally {
		rmSync(dataDir, { recursive: true, force: true });
	}
}

test("a copy that nobody changed is whole", async () => {
	assert.equal(await verdictAfter({ name: "nothing", make: () => {} }), true);
});

test("any single change is found", async () => {
	const changes = [...[textChanges, hashChanges, hashLengths, removals, swaps, insertions, renumberings, markChanges]];
	for (const change of changes) {
		await fc.assert(
			fc.asyncProperty(change, async (each) => {
				assert.equal(await verdictAfter(each), false, each.name);
			}),
			{ numRuns: 40 },
		);
	}
});
