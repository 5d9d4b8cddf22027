import assert from "node:assert/strict";
import { test } from "node:test";
import type { Identity } from "../../server/core/identity.ts";
import { Uid, UserId, Username } from "../../server/protocol/ids.ts";
import { SqlitePlaces } from "../../server/store/sqlite-places.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

const ADA: Identity = { issuer: "school", subject: "ada", displayName: "Ada" };

test("somebody who comes again is who they were, whatever they are called now", (t) => {
	const users = new SqliteUsers(openDatabase(t));
	const ada = users.remember(ADA, 1_000);
	assert.deepEqual(users.remember({ ...ADA, displayName: "Countess" }, 2_000), ada);
	assert.deepEqual(
		[ada.role, ada.tier, ada.disabledAt, ada.createdAt, ada.signedInAt],
		["user", null, null, 1_000, null],
	);
	assert.deepEqual(users.find(ada.userId), ada);
	assert.deepEqual(users.findByUsername(ada.username), ada);
	assert.equal(users.find(UserId.parse("a".repeat(26))), null);
	assert.equal(users.findByUsername(Username.parse("nobody")), null);
});

test("a change changes what it names, and the account's name never", (t) => {
	const users = new SqliteUsers(openDatabase(t));
	const ada = users.remember(ADA, 1_000);
	const other = users.remember({ ...ADA, subject: "bob" }, 1_000);
	const change = { role: "operator", tier: "large", disabledAt: 5, signedInAt: 6, displayName: "Countess" } as const;
	assert.deepEqual(users.change(ada.userId, change), { ...ada, ...change });
	assert.deepEqual(users.change(ada.userId, { disabledAt: null }), { ...ada, ...change, disabledAt: null });
	assert.deepEqual(users.find(other.userId), other);
	assert.equal(users.change(UserId.parse("a".repeat(26)), change), null);
});

test("there is an operator where one may come in", (t) => {
	const users = new SqliteUsers(openDatabase(t));
	const { userId } = users.remember(ADA, 0);
	assert.equal(users.hasOperator(), false);
	users.change(userId, { role: "operator" });
	assert.equal(users.hasOperator(), true);
	users.change(userId, { disabledAt: 1 });
	assert.equal(users.hasOperator(), false);
});

test("where the database was lost, somebody finds the home again that was made under an older name", (t) => {
	const database = openDatabase(t);
	const users = new SqliteUsers(database);
	const hash = users.remember(ADA, 0).username.split("-").at(-1);
	database.run("DELETE FROM users");
	const home = Username.parse(`earlier-name-${hash}`);
	new SqlitePlaces(database).recordHomes([{ username: home, uid: Uid.parse(20_007) }]);
	assert.equal(users.remember(ADA, 0).username, home);
});

test("what is looked for is taken as it is typed, wildcards and quotes included", (t) => {
	const users = new SqliteUsers(openDatabase(t));
	for (const displayName of ["100%", "under_score", "o'neil", "ÉMILE"]) {
		users.remember({ ...ADA, subject: displayName, displayName }, 0);
	}
	const found = (search: string): string[] =>
		users.list({ after: null, limit: 10, search }).map(({ displayName }) => displayName);
	assert.deepEqual(found("%"), ["100%"]);
	assert.deepEqual(found("_"), ["under_score"]);
	assert.deepEqual(found("O'N"), ["o'neil"]);
	assert.deepEqual(found("'; DROP TABLE users; --"), []);
	assert.equal(found("").length, 4);
});
