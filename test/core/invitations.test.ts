/** One-time links on a real database, with a clock of the test's own. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Invitations } from "../../server/core/invitations.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { SqliteInvitations } from "../../server/store/sqlite-invitations.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { tokenOf } from "../support/members.ts";
import { openDatabase } from "../support/test-database.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

function setUp(t: TestContext) {
	const database = openDatabase(t);
	const users = new SqliteUsers(database);
	const clock = { now: 1_000 };
	const invitations = new Invitations({
		store: new SqliteInvitations(database),
		publicUrl: () => "https://shell.example.org/berth",
		now: () => clock.now,
	});
	const userIdOf = (subject: string) => users.remember({ issuer: "password", subject, displayName: subject }, 0).userId;
	return { clock, database, invitations, ada: userIdOf("ada"), bob: userIdOf("bob") };
}

const isUsed = (error: unknown): boolean => error instanceof BerthError && error.code === "LINK_USED";

test("a link has its token where browsers send it to nobody, and the database cannot give it back", (t) => {
	const { ada, database, invitations } = setUp(t);
	const { url } = invitations.make("invitation", ada);
	assert.match(url, /^https:\/\/shell\.example\.org\/berth\/invitation#[\w-]{43}$/);
	const [row] = database.all("SELECT * FROM invitations");
	assert.ok(!JSON.stringify(row).includes(tokenOf(url)));
	assert.ok(!Buffer.from(Object(row).token_hash).includes(Buffer.from(tokenOf(url), "base64url")));
});

test("a link can be looked at as often as one likes and taken once", (t) => {
	const { ada, invitations } = setUp(t);
	const token = tokenOf(invitations.make("invitation", ada).url);
	for (let look = 0; look < 3; look += 1) {
		const { kind, userId } = invitations.find(token);
		assert.deepEqual([kind, userId], ["invitation", ada]);
	}
	assert.equal(invitations.take(token).userId, ada);
	assert.throws(() => invitations.take(token), isUsed);
	assert.throws(() => invitations.find(token), isUsed);
	for (const never of ["", "x", token.slice(1), `${token}=`]) assert.throws(() => invitations.find(never), isUsed);
});

test("an invitation waits for a week, a reset and the first operator's link for a day", (t) => {
	const { ada, bob, clock, invitations } = setUp(t);
	const links = [
		{ ...invitations.make("invitation", ada), lifeMs: 7 * DAY_MS },
		{ ...invitations.make("reset", bob), lifeMs: DAY_MS },
		{ ...invitations.makeFirst(), lifeMs: DAY_MS },
	];
	for (const { endsAt, lifeMs, url } of links) {
		assert.equal(endsAt, 1_000 + lifeMs);
		clock.now = endsAt - 1;
		invitations.find(tokenOf(url));
		clock.now = endsAt;
		assert.throws(() => invitations.find(tokenOf(url)), isUsed);
		assert.throws(() => invitations.take(tokenOf(url)), isUsed);
		clock.now = 1_000;
	}
});

test("a new link of a user ends the earlier ones, of whichever kind, and nobody else's", (t) => {
	const { ada, bob, invitations } = setUp(t);
	const early = tokenOf(invitations.make("invitation", ada).url);
	const bobs = tokenOf(invitations.make("invitation", bob).url);
	const first = tokenOf(invitations.makeFirst().url);
	const late = tokenOf(invitations.make("reset", ada).url);
	assert.throws(() => invitations.find(early), isUsed);
	for (const token of [bobs, first, late]) invitations.find(token);
	const secondFirst = tokenOf(invitations.makeFirst().url);
	assert.throws(() => invitations.find(first), isUsed);
	invitations.endOf(ada);
	assert.throws(() => invitations.find(late), isUsed);
	invitations.endOf(null);
	assert.throws(() => invitations.find(secondFirst), isUsed);
	invitations.find(bobs);
});

test("links that are over do not stay in the database", (t) => {
	const { ada, bob, clock, database, invitations } = setUp(t);
	invitations.make("reset", ada);
	clock.now += DAY_MS;
	invitations.make("reset", bob);
	assert.equal(database.all("SELECT * FROM invitations").length, 1);
});
