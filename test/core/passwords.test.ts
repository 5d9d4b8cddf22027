/** The rules of names and passwords, on a real database and with real hashes, made cheap. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Argon2Cost, Argon2Hasher } from "../../server/authenticators/argon2-hasher.ts";
import { Passwords } from "../../server/core/passwords.ts";
import { BerthError, type ErrorCode } from "../../server/protocol/errors.ts";
import type { Database } from "../../server/store/database.ts";
import { SqlitePasswords } from "../../server/store/sqlite-passwords.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

const CHEAP: Argon2Cost = { memoryCost: 64, timeCost: 1, parallelism: 1 };
const USER = { role: "user", tier: null } as const;

function passwordsOn(database: Database, cost = CHEAP): Passwords {
	return new Passwords({
		store: new SqlitePasswords(database),
		users: new SqliteUsers(database),
		hasher: new Argon2Hasher(cost),
		atomically: (work) => database.inTransaction(work),
	});
}

async function addAda(t: TestContext) {
	const database = openDatabase(t);
	const passwords = passwordsOn(database);
	const user = passwords.add("Ada", USER);
	passwords.set(user.userId, await passwords.hash("a long password", "Ada"));
	return { database, passwords, user, userId: user.userId };
}

const isError = (code: ErrorCode) => (error: unknown) => error instanceof BerthError && error.code === code;

test("somebody is found by their name however it is typed, and let in by their password alone", async (t) => {
	const { passwords, user, userId } = await addAda(t);
	const account = passwords.findByName("ＡＤＡ");
	assert.deepEqual([account?.userId, account?.name], [userId, "Ada"]);
	assert.deepEqual([user.issuer, user.displayName, user.role], ["password", "Ada", "user"]);
	assert.equal((await passwords.verify(account, "a long password", "strangers"))?.userId, userId);
	for (const wrong of ["a long passwore", "A long password", "a long password ", "", "a long password\0"]) {
		assert.equal(await passwords.verify(account, wrong, "strangers"), null, wrong);
	}
	assert.equal(await passwords.verify(null, "a long password", "strangers"), null);
});

test("accents count as the same from whichever keyboard they come", async (t) => {
	const { passwords, userId } = await addAda(t);
	passwords.set(userId, await passwords.hash("cafe\u0301 cafe\u0301", "Ada"));
	assert.ok(await passwords.verify(passwords.find(userId), "café café", "known"));
});

test("a name is given once, however it is spelt, and whoever failed to get it left nothing behind", async (t) => {
	const { database, passwords } = await addAda(t);
	const countUsers = (): unknown => database.get("SELECT count(*) AS users FROM users")?.users;
	const before = countUsers();
	for (const name of ["Ada", "ADA", "ａｄａ"]) assert.throws(() => passwords.add(name, USER), isError("NAME_TAKEN"));
	for (const name of ["\u3164", ""]) assert.throws(() => passwords.add(name, USER), isError("BAD_REQUEST"));
	assert.equal(countUsers(), before);
});

test("who somebody is does not follow from their name, so that a name that is given again opens nobody's files", async (t) => {
	const { user } = await addAda(t);
	const again = await addAda(t);
	assert.notEqual(again.user.subject, user.subject);
	assert.notEqual(again.user.userId, user.userId);
	assert.match(user.subject, /^[\w-]{22}$/);
});

test("who has set no password, or whose password was reset, is let in by none", async (t) => {
	const { passwords, userId } = await addAda(t);
	const bob = passwords.add("Bob", USER);
	for (const guess of ["", "null", "undefined"]) {
		assert.equal(await passwords.verify(passwords.find(bob.userId), guess, "strangers"), null);
	}
	passwords.reset(userId);
	assert.equal(await passwords.verify(passwords.find(userId), "a long password", "strangers"), null);
});

test("a password that is reset or changed while it is being looked at lets nobody in", async (t) => {
	const { passwords, userId } = await addAda(t);
	const hash = await passwords.hash("another password", "Ada");
	const looking = passwords.verify(passwords.find(userId), "a long password", "known");
	passwords.set(userId, hash);
	assert.equal(await looking, null);
	const lookingAgain = passwords.verify(passwords.find(userId), "another password", "known");
	passwords.reset(userId);
	assert.equal(await lookingAgain, null);
	const third = passwords.verify(passwords.find(userId), "another password", "known");
	passwords.set(userId, hash);
	assert.equal(await third, null, "what was reset when it was asked is not right by what came after");
});

test("at a sign-in the hash is made anew where its cost is another one, also where two come at once", async (t) => {
	const { database, passwords, userId } = await addAda(t);
	const dearer = passwordsOn(database, { ...CHEAP, timeCost: 2 });
	const old = passwords.find(userId);
	assert.equal(await dearer.verify(dearer.find(userId), "wrong password", "known"), null);
	assert.equal(dearer.find(userId)?.hash, old?.hash, "whoever is wrong changes nothing");
	const account = dearer.find(userId);
	const found = await Promise.all([1, 2].map(() => dearer.verify(account, "a long password", "known")));
	assert.ok(found.every((each) => each?.userId === userId));
	assert.match(dearer.find(userId)?.hash ?? "", /m=64,t=2,p=1/);
	assert.equal(dearer.find(userId)?.changedAt, old?.changedAt, "the password was not changed");
	assert.ok(await dearer.verify(dearer.find(userId), "a long password", "known"));
});

test("the name is no password", async (t) => {
	const { passwords } = await addAda(t);
	await assert.rejects(passwords.hash("Ada Lovelace", "ADA  LOVELACE"), isError("BAD_REQUEST"));
});
