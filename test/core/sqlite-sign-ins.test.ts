import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SignInId } from "../../server/protocol/ids.ts";
import { SqliteSignIns } from "../../server/store/sqlite-sign-ins.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

const ISSUER = "https://id.example.org";

/** A store with a sign-in for each of these, named by its place in the list. */
function storeWith(t: TestContext, signIns: { issuer?: string; subject: string; sid: string | null }[]): SqliteSignIns {
	const database = openDatabase(t);
	const store = new SqliteSignIns(database);
	const users = new SqliteUsers(database);
	for (const [at, { issuer = ISSUER, sid, subject }] of signIns.entries()) {
		const { userId } = users.remember({ issuer, subject, displayName: subject }, 0);
		const times = { createdAt: 0, usedAt: 0, endsAt: 1 };
		const facts = { userId, method: "oidc", address: "", device: "", issuerSession: { sid, idToken: "t" } } as const;
		store.insert({ ...facts, ...times, signInId: idOf(at) }, Buffer.from(String(at)));
	}
	return store;
}

function idOf(at: number): SignInId {
	return SignInId.parse(String(at).padStart(22, "A"));
}

test("an issuer ends the sign-ins that it names: one of its own, all of somebody's, or those that can be no other's", (t) => {
	const store = storeWith(t, [
		{ subject: "ada", sid: "phone" },
		{ subject: "ada", sid: "desk" },
		{ subject: "ada", sid: null },
		{ subject: "bob", sid: "phone" },
		{ issuer: "https://other.example.org", subject: "ada", sid: "phone" },
	]);
	const found = (subject: string | null, sid: string | null): number[] =>
		store.ofIssuer(ISSUER, subject, sid).map(({ signInId }) => Number(signInId.replaceAll("A", "")));
	assert.deepEqual(found("ada", null), [0, 1, 2]);
	assert.deepEqual(found("bob", "phone"), [3]);
	assert.deepEqual(found(null, "desk"), [1]);
	// Of the third it was never said which one it is.
	assert.deepEqual(found("ada", "desk"), [1, 2]);
	assert.deepEqual(found("bob", "desk"), []);
	assert.deepEqual(found(null, "of nobody"), []);
});
