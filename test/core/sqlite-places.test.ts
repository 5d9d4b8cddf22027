import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import { FIRST_UID } from "../../server/core/accounts.ts";
import { type Visitor, visitorOf } from "../../server/core/identity.ts";
import { Ordinal, Uid, Username } from "../../server/protocol/ids.ts";
import { Database } from "../../server/store/database.ts";
import { SqlitePlaces } from "../../server/store/sqlite-places.ts";

const guest = (number: number): Visitor => visitorOf({ issuer: "test", subject: String(number), displayName: "guest" });
const ORDINALS = [1, 2, 3].map((number) => Ordinal.parse(number));

function newFile(t: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), "berth-store-"));
	t.after(() => rmSync(folder, { recursive: true }));
	return join(folder, "berth.sqlite");
}

function openStore(t: TestContext, file = newFile(t)): SqlitePlaces {
	const database = new Database(file);
	t.after(() => database[Symbol.dispose]());
	return new SqlitePlaces(database);
}

test("uids begin above every system range and are the same at each visit", (t) => {
	const store = openStore(t);
	assert.equal(store.register(guest(1), 0), FIRST_UID);
	assert.equal(store.register(guest(2), 0), FIRST_UID + 1);
	assert.equal(store.register(guest(1), 9), FIRST_UID);
});

test("a uid is not given again after its row is gone", (t) => {
	const file = newFile(t);
	const store = openStore(t, file);
	store.register(guest(1), 0);
	const database = new Sqlite(file);
	database.exec("DELETE FROM uids");
	database.close();
	assert.equal(store.register(guest(2), 0), FIRST_UID + 1);
});

test("homes rebuild the uids of a lost database, and newcomers get later ones", (t) => {
	const store = openStore(t);
	const home = { username: guest(1).username, uid: Uid.parse(FIRST_UID + 77) };
	assert.deepEqual(store.recordHomes([home]), []);
	assert.deepEqual(store.recordHomes([home]), [], "recording again changes nothing");
	assert.equal(store.register(guest(1), 0), FIRST_UID + 77);
	assert.equal(store.register(guest(2), 0), FIRST_UID + 78);
});

test("homes that contradict the database are reported and change nothing", (t) => {
	const store = openStore(t);
	const uid = store.register(guest(1), 0);
	const stranger = { username: Username.parse("stranger-aaaaaaaaaa"), uid };
	const moved = { username: guest(1).username, uid: Uid.parse(uid + 5) };
	assert.deepEqual(store.recordHomes([stranger, moved]), [stranger, moved]);
	assert.equal(store.register(guest(1), 0), uid);
});

test("an assignment is kept and given back", (t) => {
	const store = openStore(t);
	store.register(guest(1), 0);
	const { userId } = guest(1);
	assert.equal(store.find(userId), null);
	assert.equal(store.assign(userId, ORDINALS, 20, 1)?.ordinal, 1);
	assert.equal(store.assign(userId, [Ordinal.parse(3)], 20, 1)?.ordinal, 1, "a user who has a place keeps it");
	store.release(userId);
	assert.equal(store.find(userId), null);
});

test("when every candidate is full nobody is put over the limit", (t) => {
	const store = openStore(t);
	for (let person = 0; person < 8; person += 1) {
		store.register(guest(person), 0);
		const assignment = store.assign(guest(person).userId, ORDINALS, 2, 1);
		assert.equal(assignment === null, person >= 6);
	}
	assert.deepEqual([...store.usersByContainer().values()], [2, 2, 2]);
});

test("two gateways on one file never overfill a container together", (t) => {
	const file = newFile(t);
	const stores = [openStore(t, file), openStore(t, file)];
	for (let person = 0; person < 10; person += 1) {
		const store = stores[person % 2];
		store?.register(guest(person), 0);
		store?.assign(guest(person).userId, ORDINALS, 3, 1);
	}
	assert.deepEqual([...(stores[0]?.usersByContainer().values() ?? [])], [3, 3, 3]);
});

test("only places that nobody used are given back, and their owners are named", (t) => {
	const store = openStore(t);
	for (const person of [1, 2]) {
		store.register(guest(person), 0);
		store.assign(guest(person).userId, ORDINALS, 20, 1_000);
	}
	store.touch([guest(2).userId], 5_000);
	assert.deepEqual(store.releaseUnusedSince(2_000), [{ username: guest(1).username, ordinal: 1 }]);
	assert.equal(store.find(guest(2).userId)?.ordinal, 2);
});

test("another identity with the same username is refused", (t) => {
	const store = openStore(t);
	store.register(guest(1), 0);
	assert.throws(() => store.register({ ...guest(2), username: guest(1).username }, 0), /another identity/);
});

test("a database of a newer Berth is not touched", (t) => {
	const file = newFile(t);
	new Database(file)[Symbol.dispose]();
	const database = new Sqlite(file);
	database.pragma("user_version = 999");
	database.close();
	assert.throws(() => new Database(file), /use a newer Berth/);
});
