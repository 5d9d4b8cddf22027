/** When lines are written, how two write at once, and how old ones go: on real files, with a process that is killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextMoment, setTimeout as sleep } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { AuditRetention } from "../../server/core/audit-retention.ts";
import { Database } from "../../server/store/database.ts";
import { SqliteAudit } from "../../server/store/sqlite-audit.ts";
import { AuditFixture, happening } from "../support/audit-fixture.ts";
import { SLOWNESS } from "../support/patience.ts";

const APPENDER = join(import.meta.dirname, "../support/audit-appender.ts");

function linesIn(file: string): number {
	const sqlite = new Sqlite(file, { readonly: true });
	const count = sqlite.prepare("SELECT count(*) FROM audit").pluck().get();
	sqlite.close();
	return Number(count);
}

test("what an operator did is in the database when it is recorded, what happens often a moment later", async (t) => {
	const log = new AuditFixture(t);
	log.audit.record(happening(1));
	assert.equal(linesIn(log.file), 1);
	log.audit.record(happening(2, { action: "session.attached" }));
	log.audit.record(happening(3, { result: "WRONG_CREDENTIALS" }));
	assert.equal(linesIn(log.file), 1);
	await nextMoment();
	assert.equal(linesIn(log.file), 3);
	log.audit.record(happening(4, { action: "session.attached" }));
	log.audit.record(happening(5));
	assert.equal(linesIn(log.file), 5, "nothing overtakes what was before it");
});

test("what waits is written when it is read, and when the log is closed", (t) => {
	const log = new AuditFixture(t);
	for (let number = 1; number <= 450; number += 1) log.audit.record(happening(number, { action: "session.opened" }));
	assert.equal(log.audit.read(0, 1).length, 1);
	log.reopen();
	assert.equal(linesIn(log.file), 450);
});

test("an event in somebody else's transaction is not undone with it", async (t) => {
	const log = new AuditFixture(t);
	const database = new Database(log.file);
	const audit = new SqliteAudit(database, log.dataDir, log.log);
	assert.throws(() =>
		database.inTransaction(() => {
			audit.record(happening(1));
			throw new Error("undone");
		}),
	);
	database.inTransaction(() => audit.record(happening(2)));
	assert.equal(linesIn(log.file), 0);
	await null;
	assert.equal(linesIn(log.file), 2);
	audit[Symbol.dispose]();
	database[Symbol.dispose]();
	assert.deepEqual((await log.audit.verify()).problems, []);
});

test("while the database cannot be written nothing throws, and nothing is lost once it can be again", async (t) => {
	const log = new AuditFixture(t);
	log.tamper("ALTER TABLE audit RENAME TO gone");
	log.write(3);
	assert.equal(log.log.lines.filter(({ level }) => level === "error").length, 1, "told once, not for each");
	log.tamper("ALTER TABLE gone RENAME TO audit");
	const deadline = performance.now() + 10_000 * SLOWNESS;
	while (log.audit.read(0, 10).length < 3 && performance.now() < deadline) await sleep(50);
	assert.deepEqual(
		log.audit.read(0, 10).map(({ details }) => details.number),
		[1, 2, 3],
	);
	assert.deepEqual((await log.audit.verify()).problems, []);
});

test("what never could be written is told in the gateway's log when it closes", (t) => {
	const log = new AuditFixture(t);
	log.tamper("ALTER TABLE audit RENAME TO gone");
	log.write(2);
	log.audit[Symbol.dispose]();
	const lost = log.log.lines.filter(({ message }) => message === "a line of the audit log is lost");
	assert.deepEqual(
		lost.map(({ fields }) => fields.event),
		[happening(1), happening(2)],
	);
	log.tamper("ALTER TABLE gone RENAME TO audit");
});

test("two who write at once make one chain", async (t) => {
	const log = new AuditFixture(t);
	const appenders = [1, 2].map(() => spawn(process.execPath, [APPENDER, log.dataDir, "400"], { stdio: "ignore" }));
	const ends = appenders.map((appender) => once(appender, "exit"));
	for (let number = 1; number <= 100; number += 1) {
		log.audit.record(happening(number));
		await nextMoment();
	}
	assert.deepEqual(await Promise.all(ends), [
		[0, null],
		[0, null],
	]);
	assert.deepEqual(await log.audit.verify(), { isWhole: true, lines: 900, first: 1, last: 900, problems: [] });
});

test("a process that is killed while it writes leaves a whole log, and loses nothing that it said was written", async (t) => {
	const log = new AuditFixture(t);
	let said = 0;
	for (let round = 0; round < 8; round += 1) {
		const appender = spawn(process.execPath, [APPENDER, log.dataDir, "100000"], {
			stdio: ["ignore", "pipe", "inherit"],
		});
		appender.stdout.on("data", (chunk: Buffer) => {
			said = Number(chunk.toString().trim().split("\n").at(-1)) || said;
		});
		const ended = once(appender, "exit");
		await once(appender.stdout, "data");
		// From before the head's file is written for the first time to after.
		await sleep(round * 250);
		appender.kill("SIGKILL");
		await ended;
		assert.deepEqual((await log.audit.verify()).problems, [], `round ${round}`);
		assert.ok(log.audit.head() >= said, `${log.audit.head()} lines of ${said}`);
	}
	assert.ok(said > 500, `only ${said} lines were written`);
});

test("the head in its file follows within moments, and never leads", async (t) => {
	const log = new AuditFixture(t);
	const headFile = join(log.dataDir, "audit-head");
	const head = (): number => JSON.parse(readFileSync(headFile, "utf8")).seq;
	assert.equal(head(), 0);
	const deadline = performance.now() + 20_000 * SLOWNESS;
	for (let number = 1; head() < 50 && performance.now() < deadline; number += 1) {
		log.audit.record(happening(number));
		assert.ok(head() <= linesIn(log.file));
		await sleep(20);
	}
	assert.ok(head() >= 50, "it follows by itself");
	log.reopen();
	assert.equal(head(), linesIn(log.file));
});

test("the head never goes back, whoever closes last", (t) => {
	const log = new AuditFixture(t);
	const database = new Database(log.file);
	const other = new SqliteAudit(database, log.dataDir, log.log);
	log.write(3);
	other.record(happening(4));
	other[Symbol.dispose]();
	database[Symbol.dispose]();
	log.reopen();
	assert.equal(JSON.parse(readFileSync(join(log.dataDir, "audit-head"), "utf8")).seq, 4);
});

test("key and head are readable by their owner alone", (t) => {
	const log = new AuditFixture(t);
	log.write(1);
	log.reopen();
	for (const name of ["audit-key", "audit-head"]) {
		assert.equal(statSync(join(log.dataDir, name)).mode & 0o777, 0o600, name);
	}
});

test("pruning removes the oldest, says so, and leaves a whole log", async (t) => {
	const log = new AuditFixture(t);
	log.write(30);
	await sleep(5);
	const then = Date.now();
	log.write(10);
	assert.equal(log.audit.prune(then), 30);
	assert.equal(log.audit.prune(then), 0);
	assert.deepEqual(await log.audit.verify(), { isWhole: true, lines: 11, first: 31, last: 41, problems: [] });
	const [pruned] = log.audit.read(40, 10);
	assert.ok(pruned);
	assert.equal(pruned.action, "audit.pruned");
	assert.deepEqual(pruned.details, { isWhole: true, lines: 30, upTo: 30 });
	log.reopen();
	log.write(5);
	assert.equal(log.audit.prune(Date.now() + 1), 16);
	assert.deepEqual(await log.audit.verify(), { isWhole: true, lines: 1, first: 47, last: 47, problems: [] });
	assert.equal(log.audit.prune(Date.now() + 1), 0, "a line about pruning alone is not worth another");
});

test("pruning does not hide what was broken before", async (t) => {
	const log = new AuditFixture(t);
	log.write(30);
	log.reopen();
	log.tamper("DELETE FROM audit WHERE seq = 9");
	assert.equal(log.audit.prune(Date.now() + 1), 29);
	assert.deepEqual((await log.audit.verify()).problems, [
		"Line 31 tells that lines were missing or changed among those that were pruned then.",
	]);
});

test("whoever cannot make a seal cannot pass off a removal as a pruning", async (t) => {
	const forged = "INSERT INTO audit_pruned SELECT 1, seq, hash, hash FROM audit WHERE seq = 9";
	const log = new AuditFixture(t);
	log.write(30);
	log.reopen();
	log.tamper(forged, "DELETE FROM audit WHERE seq <= 9");
	assert.deepEqual((await log.audit.verify()).problems, [
		"What stands for the pruned lines was not written with the key.",
	]);
	const other = new AuditFixture(t);
	other.write(30);
	other.audit.prune(Date.now() + 1);
	other.write(10);
	other.reopen();
	other.tamper("DELETE FROM audit_pruned");
	assert.deepEqual((await other.audit.verify()).problems, [
		"Lines 1 to 30 are missing.",
		"Line 31 was changed, or another one stood before it.",
	]);
});

test("lines go by themselves when they are old enough", async (t) => {
	const log = new AuditFixture(t);
	log.write(2_500);
	using _retention = new AuditRetention({ audit: log.audit, keepMs: 1_000, log: log.log });
	const deadline = performance.now() + 20_000 * SLOWNESS;
	while ((log.audit.read(0, 1)[0]?.seq ?? 0) <= 2_500 && performance.now() < deadline) await sleep(50);
	assert.equal(log.audit.read(0, 1)[0]?.action, "audit.pruned");
	assert.deepEqual((await log.audit.verify()).problems, []);
});

test("a file of the log that others wrote half is never seen", async (t) => {
	const log = new AuditFixture(t);
	log.write(1);
	log.reopen(() => writeFileSync(join(log.dataDir, "audit-head.1.new"), "half"));
	assert.deepEqual((await log.audit.verify()).problems, []);
});

test("strangers at one address can write so many lines in a minute, and others as many all the same", async (t) => {
	const log = new AuditFixture(t);
	const wrong = { actor: "nobody", action: "signed-in", result: "WRONG_CREDENTIALS" } as const;
	for (let number = 1; number <= 1_000; number += 1) log.audit.record(happening(number, wrong));
	log.audit.record(happening(1, { ...wrong, address: "192.0.2.2" }));
	const lines = log.audit.read(0, 500).slice(399);
	assert.deepEqual(
		lines.map(({ action, address }) => [action, address]),
		[
			["signed-in", "192.0.2.1"],
			["limit.hit", "192.0.2.1"],
			["signed-in", "192.0.2.2"],
		],
	);
});

test("what has to be written at once is, however much waits before it", (t) => {
	const log = new AuditFixture(t);
	for (let number = 1; number <= 900; number += 1) log.audit.record(happening(number, { action: "session.opened" }));
	log.audit.record(happening(901));
	assert.equal(linesIn(log.file), 901);
});

test("nothing is lost of however much happens in one moment", (t) => {
	const log = new AuditFixture(t);
	const attached = { action: "session.attached" } as const;
	for (let number = 1; number <= 15_000; number += 1) log.audit.record(happening(number, attached));
	assert.equal(log.audit.head(), 15_000);
});
