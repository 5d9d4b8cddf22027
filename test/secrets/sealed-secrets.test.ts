/** Secrets in the database: encrypted, bound to whose they are, and never lost with a change of keys. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { secretsForShell } from "../../server/core/secrets.ts";
import { KeyFile } from "../../server/secrets/key-file.ts";
import { GivenKeys, type KeyRing, KeyRingError } from "../../server/secrets/key-ring.ts";
import { SealedSecrets } from "../../server/secrets/sealed-secrets.ts";
import { SecretKey } from "../../server/secrets/secret-key.ts";
import { Database } from "../../server/store/database.ts";
import { ADA, BOB, hasCode, testSecretStore, valuesOf } from "../conformance/secret-store.ts";
import { RecordingLog } from "../support/recording-log.ts";

const BY = `user:${ADA}`;
const VALUE = "a-value-that-stands-nowhere";

type Fixture = {
	folder: string;
	keyFile: string;
	log: RecordingLog;
	open(keys?: KeyRing): SealedSecrets;
	rows: Database;
};

function newFolder(): string {
	return mkdtempSync(join(tmpdir(), "berth-secrets-"));
}

function setUp(t: TestContext): Fixture {
	const resources = new DisposableStack();
	const folder = newFolder();
	const log = new RecordingLog();
	const keyFile = join(folder, "secrets-key");
	resources.defer(() => rmSync(folder, { recursive: true }));
	const database = (): Database => resources.use(new Database(join(folder, "berth.sqlite")));
	t.after(() => resources.dispose());
	const open = (keys: KeyRing = new KeyFile(keyFile)): SealedSecrets =>
		new SealedSecrets({ database: database(), keys, log });
	return { folder, keyFile, log, open, rows: database() };
}

/** What it says of the file; empty where the file is fine. */
function complaintOf(file: string): string {
	try {
		new KeyFile(file).check();
		return "";
	} catch (error) {
		assert.ok(error instanceof KeyRingError, String(error));
		return error.message;
	}
}

const keysIn = (file: string): string[] => readFileSync(file, "utf8").trim().split("\n");

testSecretStore("secrets in the database", async () => {
	const folder = newFolder();
	const databases = [1, 2].map(() => new Database(join(folder, "berth.sqlite")));
	const [store, again] = databases.map(
		(database) => new SealedSecrets({ database, keys: new KeyFile(join(folder, "key")), log: new RecordingLog() }),
	);
	assert.ok(store && again);
	const end = (): void => {
		for (const database of databases) database[Symbol.dispose]();
		rmSync(folder, { recursive: true });
	};
	return { store, again, [Symbol.asyncDispose]: async () => end() };
});

test("no file has a value in it, and the file of keys is made with the first secret, for the gateway alone", async (t) => {
	const { folder, keyFile, open } = setUp(t);
	const store = open();
	await store.list(ADA);
	await store.reveal(ADA);
	assert.equal(existsSync(keyFile), false);
	await store.set(ADA, { name: "KEY", value: VALUE }, BY);
	assert.equal(statSync(keyFile).mode & 0o777, 0o600);
	for (const file of readdirSync(folder)) {
		assert.equal(readFileSync(join(folder, file)).includes(VALUE), false, file);
	}
});

test("a value that is put under another name, for somebody else, or changed by a bit is not revealed", async (t) => {
	const { log, open, rows } = setUp(t);
	const store = open();
	await store.set(ADA, { name: "KEY", value: VALUE }, BY);
	await store.set(ADA, { name: "FINE", value: "fine" }, BY);
	const change = (sql: string, ...values: unknown[]) => rows.run(sql, ...values);
	const copy = (userId: string, name: string) =>
		change(
			"INSERT INTO secrets SELECT ?, ?, key_id, nonce, sealed, changed_at, changed_by FROM secrets WHERE user_id = ? AND name = 'KEY'",
			...[userId, name, ADA],
		);
	copy(ADA, "OTHER");
	copy(BOB, "KEY");
	assert.deepEqual(await valuesOf(store, ADA), { FINE: "fine", KEY: VALUE });
	assert.deepEqual(await valuesOf(store, BOB), {});
	assert.deepEqual((await store.reveal(BOB)).unreadable, [{ name: "KEY", why: "it was damaged" }]);
	const sealed = Buffer.from(
		Object(rows.get("SELECT sealed FROM secrets WHERE user_id = ? AND name = 'KEY'", ADA)).sealed,
	);
	sealed.writeUInt8(sealed.readUInt8(0) ^ 1, 0);
	change("UPDATE secrets SET sealed = ? WHERE user_id = ? AND name = 'KEY'", sealed, ADA);
	assert.deepEqual(await valuesOf(store, ADA), { FINE: "fine" });
	change("UPDATE secrets SET sealed = x'00', nonce = x'00' WHERE user_id = ? AND name = 'KEY'", ADA);
	assert.deepEqual(await valuesOf(store, ADA), { FINE: "fine" });
	assert.equal(JSON.stringify(log.lines).includes(VALUE), false);
});

test("a secret whose key is gone says so by the key's id, and the others go on", async (t) => {
	const { log, open } = setUp(t);
	const [old, newer] = [SecretKey.random(), SecretKey.random()].map(({ text }) => Buffer.from(text, "base64"));
	assert.ok(old && newer);
	await open(new GivenKeys([old])).set(ADA, { name: "OLD", value: VALUE }, BY);
	await open(new GivenKeys([newer])).set(ADA, { name: "NEW", value: "new" }, BY);
	const store = open(new GivenKeys([newer]));
	const { environment, problems } = await secretsForShell(store, ADA);
	assert.deepEqual(environment, { NEW: "new" });
	const keyId = new SecretKey(old).id;
	assert.deepEqual(
		problems.map(({ code, detail }) => [code, detail]),
		[["SECRET_UNREADABLE", `OLD: the key ${keyId} is gone`]],
	);
	assert.match(JSON.stringify(log.lines), new RegExp(keyId));
	// Rotation leaves it, and does not take its key for unneeded.
	assert.equal((await store.rotateKeys()).unreadable, 1);
	assert.deepEqual(await valuesOf(open(new GivenKeys([newer, old])), ADA), { NEW: "new", OLD: VALUE });
	// It can be set again, and removed.
	await store.set(ADA, { name: "OLD", value: "again" }, BY);
	assert.deepEqual(await valuesOf(store, ADA), { NEW: "new", OLD: "again" });
});

test("a file of keys that others may read, that is damaged, or that is none, is refused with what to do", async (t) => {
	const { keyFile, log, open } = setUp(t);
	await open().set(ADA, { name: "KEY", value: VALUE }, BY);
	chmodSync(keyFile, 0o640);
	assert.match(complaintOf(keyFile), /can be read by others \(mode 640\): run chmod 600/);
	await assert.rejects(open().reveal(ADA), hasCode("SECRETS_UNAVAILABLE"));
	await assert.rejects(open().set(ADA, { name: "KEY", value: "x" }, BY), hasCode("SECRETS_UNAVAILABLE"));
	assert.deepEqual(
		await open()
			.reveal(BOB)
			.then(({ values }) => values.size),
		0,
	);
	assert.match(JSON.stringify(log.lines.map(({ fields }) => String(fields.err))), /chmod 600/);
	chmodSync(keyFile, 0o600);
	const [key = ""] = keysIn(keyFile);
	for (const text of ["", "\n\n", "short", `${key}x`, `${key}\nAAAA\n`, "\0".repeat(44)]) {
		writeFileSync(keyFile, text);
		const complaint = complaintOf(keyFile);
		assert.notEqual(complaint, "", JSON.stringify(text));
		assert.equal(complaint.includes(key), false);
	}
	writeFileSync(keyFile, `${key}\n`);
	assert.deepEqual(await valuesOf(open(), ADA), { KEY: VALUE });
});

test("a rotation makes a new key, encrypts all anew, and drops the old ones", async (t) => {
	const { keyFile, open, rows } = setUp(t);
	const store = open();
	const other = open();
	for (const userId of [ADA, BOB]) await store.set(userId, { name: "KEY", value: VALUE }, BY);
	const before = keysIn(keyFile);
	const sealedBefore = rows.all("SELECT sealed FROM secrets");
	const { keyId, ...rest } = await store.rotateKeys();
	assert.deepEqual(rest, { secrets: 2, unreadable: 0, unneededKeys: [] });
	const after = keysIn(keyFile);
	assert.equal(after.length, 1);
	assert.notDeepEqual(after, before);
	assert.equal(new SecretKey(Buffer.from(after[0] ?? "", "base64")).id, keyId);
	assert.deepEqual(rows.all("SELECT DISTINCT key_id FROM secrets"), [{ key_id: keyId }]);
	assert.notDeepEqual(rows.all("SELECT sealed FROM secrets"), sealedBefore);
	// A gateway that had read the old key finds the new one, and writes with it.
	assert.deepEqual(await valuesOf(other, ADA), { KEY: VALUE });
	await other.set(ADA, { name: "LATER", value: "later" }, BY);
	assert.deepEqual(await valuesOf(open(), ADA), { KEY: VALUE, LATER: "later" });
});

test("with keys from outside, a rotation encrypts with the first and names those that are no longer needed", async (t) => {
	const { open } = setUp(t);
	const keys = [1, 2, 3].map(() => SecretKey.random());
	const [first, second, third] = keys.map(({ text }) => Buffer.from(text, "base64"));
	assert.ok(first && second && third);
	await open(new GivenKeys([third])).set(ADA, { name: "KEY", value: VALUE }, BY);
	const rotation = await open(new GivenKeys([first, second, third])).rotateKeys();
	const unneededKeys = [keys[1]?.id, keys[2]?.id];
	assert.deepEqual(rotation, { keyId: keys[0]?.id, secrets: 1, unreadable: 0, unneededKeys });
	assert.deepEqual(await valuesOf(open(new GivenKeys([first])), ADA), { KEY: VALUE });
});

const KILLED = join(import.meta.dirname, "killed-rotation.ts");

for (const step of ["before the new key", "after the new key", "amid the secrets", "before the old keys go", "after"]) {
	test(`a rotation that is killed ${step} loses nothing, and can be made again`, async (t) => {
		const { folder, keyFile, open } = setUp(t);
		const users = [ADA, BOB];
		for (const userId of users)
			for (const name of ["A", "B"]) await open().set(userId, { name, value: `${userId} ${name}` }, BY);
		const { signal } = spawnSync(process.execPath, [KILLED, folder, step], { stdio: "inherit" });
		assert.equal(signal, "SIGKILL");
		const expected = (userId: string) => ({ A: `${userId} A`, B: `${userId} B` });
		for (const userId of users) assert.deepEqual(await valuesOf(open(), userId), expected(userId));
		await open().rotateKeys();
		for (const userId of users) assert.deepEqual(await valuesOf(open(), userId), expected(userId));
		assert.equal(keysIn(keyFile).length, 1);
	});
}
