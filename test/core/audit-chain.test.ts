/** That no change of the audit log goes unnoticed, on real files. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { AuditFixture, happening } from "../support/audit-fixture.ts";

/** A log of this many lines, closed once, so that its head is in its file as well. */
function logOf(t: TestContext, lines: number): AuditFixture {
	const log = new AuditFixture(t);
	log.write(lines);
	log.reopen();
	return log;
}

async function problemsOf({ audit }: AuditFixture): Promise<string[]> {
	const { isWhole, problems } = await audit.verify();
	assert.equal(isWhole, problems.length === 0);
	return problems;
}

test("a log that nobody touched is whole, also after it was closed and went on", async (t) => {
	const log = logOf(t, 600);
	log.write(3);
	assert.deepEqual(await log.audit.verify(), { isWhole: true, lines: 603, first: 1, last: 603, problems: [] });
	assert.equal(log.audit.head(), 603);
});

test("a log without lines is whole", async (t) => {
	const log = new AuditFixture(t);
	assert.deepEqual(await log.audit.verify(), { isWhole: true, lines: 0, first: null, last: null, problems: [] });
});

test("lines say who, from where, what, on whom and how it went, in the order in which it happened", (t) => {
	const log = logOf(t, 0);
	const before = Date.now();
	log.audit.record(happening(1, { action: "session.opened", details: { b: 1, a: "x" } }));
	log.audit.record(happening(2, { result: "FORBIDDEN", address: null, subject: null }));
	const [first, second] = log.audit.read(0, 10);
	assert.ok(first && second);
	assert.ok(first.at >= before && first.at <= Date.now());
	assert.match(first.hash, /^[0-9a-f]{64}$/);
	assert.deepEqual(
		{ ...first, at: 0, hash: "" },
		{
			...{ seq: 1, at: 0, hash: "", actor: "user:ada", address: "192.0.2.1", action: "session.opened" },
			...{ subject: "bob", result: "done", details: { a: "x", b: 1 } },
		},
	);
	assert.deepEqual([second.seq, second.result, second.address, second.subject], [2, "FORBIDDEN", null, null]);
	assert.deepEqual(log.audit.read(1, 10), [second]);
	assert.deepEqual(log.audit.read(0, 1), [first]);
});

test("a changed line is found", async (t) => {
	const log = logOf(t, 20);
	log.tamper(`UPDATE audit SET line = replace(line, 'user:ada', 'user:eve') WHERE seq = 7`);
	assert.deepEqual(await problemsOf(log), ["Line 7 was changed, or another one stood before it."]);
});

test("removed lines are found, at the beginning, in the middle and at the end", async (t) => {
	for (const [where, problems] of [
		["seq <= 2", ["Lines 1 to 2 are missing.", "Line 3 was changed, or another one stood before it."]],
		["seq = 9", ["Line 9 is missing.", "Line 10 was changed, or another one stood before it."]],
		["seq > 17", ["Lines 18 to 20 are missing."]],
		["true", ["Lines 1 to 20 are missing."]],
	] as const) {
		const log = logOf(t, 20);
		log.tamper(`DELETE FROM audit WHERE ${where}`);
		assert.deepEqual(await problemsOf(log), problems, where);
	}
});

test("lines that changed places are found, as are numbers that did", async (t) => {
	const log = logOf(t, 20);
	log.tamper(
		"CREATE TEMP TABLE two AS SELECT * FROM audit WHERE seq IN (4, 5)",
		"UPDATE audit SET (line, hash) = (SELECT line, hash FROM two WHERE two.seq = 9 - audit.seq) WHERE seq IN (4, 5)",
	);
	assert.deepEqual(await problemsOf(log), ["Lines 4 to 6 were changed, or others stood before them."]);
	const other = logOf(t, 20);
	other.tamper("UPDATE audit SET seq = 99 WHERE seq = 20");
	assert.notDeepEqual(await problemsOf(other), []);
});

test("inserted lines are found, wherever they are and whatever hash they have", async (t) => {
	const inserted = (seq: number): string =>
		`INSERT INTO audit SELECT ${seq}, replace(line, '"seq":3', '"seq":${seq}'), hash FROM audit WHERE seq = 3`;
	for (const seq of [-1, 0, 21, 22]) {
		const log = logOf(t, 20);
		log.tamper(inserted(seq));
		assert.notDeepEqual(await problemsOf(log), [], String(seq));
	}
	const log = logOf(t, 20);
	log.tamper("DELETE FROM audit WHERE seq = 12", inserted(12));
	assert.deepEqual(await problemsOf(log), ["Lines 12 to 13 were changed, or others stood before them."]);
});

test("an older copy of the database is found, and stays found although the log goes on", async (t) => {
	const log = logOf(t, 20);
	const copy = join(log.dataDir, "copy");
	log.reopen(() => copyFileSync(log.file, copy));
	log.write(5);
	log.reopen(() => copyFileSync(copy, log.file));
	assert.deepEqual(await problemsOf(log), ["Lines 21 to 25 are missing."]);
	assert.ok(log.log.lines.some(({ message }) => message === "the end of the audit log is missing"));
	log.write(5);
	log.reopen();
	assert.deepEqual(await problemsOf(log), ["Lines 21 to 25 are missing."]);
	assert.equal(log.audit.head(), 30);
});

test("a gap cannot be closed by giving the lines behind it other numbers", async (t) => {
	const log = logOf(t, 20);
	const copy = join(log.dataDir, "copy");
	log.reopen(() => copyFileSync(log.file, copy));
	log.write(5);
	log.reopen(() => copyFileSync(copy, log.file));
	log.write(5);
	log.reopen();
	log.tamper("UPDATE audit SET seq = seq - 5 WHERE seq > 20");
	assert.deepEqual(await problemsOf(log), [
		"Lines 21 to 25 were changed, or others stood before them.",
		"Lines 26 to 30 are missing.",
	]);
});

test("lines that stand where lines were pruned are found", async (t) => {
	const log = logOf(t, 20);
	log.audit.prune(Date.now() + 1);
	log.reopen();
	log.tamper("INSERT INTO audit SELECT 5, line, hash FROM audit WHERE seq = 21");
	assert.deepEqual(await problemsOf(log), ["Line 5 stands among those that were pruned."]);
});

test("a lost database is found, and the log goes on behind what it had", async (t) => {
	const log = logOf(t, 20);
	log.reopen(() => rmSync(log.file));
	log.write(2);
	assert.deepEqual(await problemsOf(log), ["Lines 1 to 20 are missing."]);
});

test("with another key no line is believed, and new ones are", async (t) => {
	const log = logOf(t, 20);
	const key = join(log.dataDir, "audit-key");
	const before = readFileSync(key, "utf8");
	log.reopen(() => writeFileSync(key, `${"5a".repeat(32)}\n`));
	assert.deepEqual(await problemsOf(log), [
		"No line was written with the key that is there now: was the key's file replaced?",
		"Lines 1 to 20 were changed, or others stood before them.",
	]);
	log.write(5);
	assert.deepEqual(await problemsOf(log), ["Lines 1 to 20 were changed, or others stood before them."]);
	log.reopen(() => writeFileSync(key, before));
	assert.deepEqual(await problemsOf(log), ["Lines 21 to 25 were changed, or others stood before them."]);
});

test("a key that is damaged stops the start, and says what to do", (t) => {
	const log = logOf(t, 1);
	const key = join(log.dataDir, "audit-key");
	const before = readFileSync(key, "utf8");
	assert.throws(() => log.reopen(() => writeFileSync(key, "short")), /audit-key is damaged: put it back/);
	log.reopen(() => writeFileSync(key, before));
});

test("a head that was removed or damaged is told of, and is there again once a line was written", async (t) => {
	for (const harm of [(file: string) => rmSync(file), (file: string) => writeFileSync(file, '{"seq":')]) {
		const log = logOf(t, 20);
		log.reopen(() => harm(join(log.dataDir, "audit-head")));
		assert.deepEqual(await problemsOf(log), [
			"The file with the number of the newest line is missing or damaged: the end may have been cut off.",
		]);
		log.write(1);
		log.reopen();
		assert.deepEqual(await problemsOf(log), []);
	}
});

test("a line that was made unreadable is shown as one, and the others with it", async (t) => {
	const log = logOf(t, 3);
	log.tamper("UPDATE audit SET line = '[' WHERE seq = 2");
	assert.deepEqual(
		log.audit.read(0, 10).map(({ action }) => action),
		["user.changed", "unreadable", "user.changed"],
	);
	assert.deepEqual(await problemsOf(log), ["Line 2 was changed, or another one stood before it."]);
});

test("the database refuses by itself what is no appending", (t) => {
	const log = logOf(t, 5);
	for (const statement of [
		"UPDATE audit SET line = '' WHERE seq = 1",
		"DELETE FROM audit WHERE seq = 5",
		"DELETE FROM audit",
		"INSERT INTO audit VALUES (3, '', x'')",
		"INSERT OR REPLACE INTO audit VALUES (5, '', x'')",
		"INSERT INTO audit VALUES (0, '', x'')",
	]) {
		assert.throws(() => log.attempt(statement), /the audit log is append-only/, statement);
	}
	assert.equal(log.audit.read(0, 10).length, 5);
});
