/** When sign-ins begin and end, on a real database, with a clock of the test's own. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type EndedBy, type SignIn, type SignInFacts, SignIns } from "../../server/core/sign-ins.ts";
import type { SignInId } from "../../server/protocol/ids.ts";
import { SqliteSignIns } from "../../server/store/sqlite-sign-ins.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

const MINUTE_MS = 60_000;
const IDLE_MS = 100 * MINUTE_MS;
const LONGEST_MS = 1_000 * MINUTE_MS;
/** What is written down of its use may be late by this much. */
const LATE_MS = MINUTE_MS;

function setUp(t: TestContext) {
	const database = openDatabase(t);
	const users = new SqliteUsers(database);
	const clock = { now: 1_000_000 };
	const ended: { signInId: SignInId; why: string; by: EndedBy }[] = [];
	const present: SignInId[] = [];
	t.mock.timers.enable({ apis: ["setInterval"] });
	const signIns = new SignIns({
		store: new SqliteSignIns(database),
		idleMs: IDLE_MS,
		longestMs: LONGEST_MS,
		present: () => present,
		onEnded: ({ signInId }: SignIn, why, by) => ended.push({ signInId, why, by }),
		now: () => clock.now,
	});
	t.after(() => signIns[Symbol.dispose]());
	const facts = (subject: string, issuerSession: SignInFacts["issuerSession"] = null): SignInFacts => ({
		userId: users.remember({ issuer: "school", subject, displayName: subject }, 0).userId,
		method: "password",
		address: "203.0.113.1",
		device: "a browser",
		issuerSession,
	});
	return { clock, database, ended, facts, present, signIns, sweep: () => t.mock.timers.tick(30_000) };
}

test("a sign-in is found by its token and by nothing that the database holds", (t) => {
	const { database, facts, signIns } = setUp(t);
	const { signIn, token } = signIns.begin(facts("ada"));
	assert.match(token, /^[\w-]{43}$/);
	assert.deepEqual(signIns.find(token), signIn);
	const [row] = database.all("SELECT * FROM sign_ins");
	const hash = Buffer.from(Object(row).token_hash);
	for (const wrong of ["", "x", signIn.signInId, hash.toString("base64url"), hash.toString("hex"), `${token} `]) {
		assert.equal(signIns.find(wrong), null, wrong);
	}
	assert.ok(!JSON.stringify(row).includes(token));
});

test("every sign-in has another token and another id", (t) => {
	const { facts, signIns } = setUp(t);
	const begun = Array.from({ length: 20 }, () => signIns.begin(facts("ada")));
	assert.equal(new Set(begun.flatMap(({ signIn, token }) => [signIn.signInId, token])).size, 40);
});

test("one that nobody uses ends after the idle time, and one that is used does not", (t) => {
	const { clock, ended, facts, signIns, sweep } = setUp(t);
	const unused = signIns.begin(facts("ada"));
	const used = signIns.begin(facts("bob"));
	clock.now += IDLE_MS / 2;
	assert.ok(signIns.find(used.token));
	clock.now += IDLE_MS / 2 + LATE_MS - 1;
	sweep();
	assert.deepEqual(ended, []);
	clock.now += 1;
	assert.equal(signIns.find(unused.token), null, "also before it is swept away");
	assert.deepEqual(signIns.listOf(unused.signIn.userId), []);
	clock.now += 1;
	sweep();
	const by = { actor: "gateway", address: null };
	assert.deepEqual(ended, [{ signInId: unused.signIn.signInId, why: "expired", by }]);
	assert.ok(signIns.find(used.token));
});

test("one that a page is open with is in use", (t) => {
	const { clock, ended, facts, present, signIns, sweep } = setUp(t);
	const { signIn, token } = signIns.begin(facts("ada"));
	present.push(signIn.signInId);
	for (let passed = 0; passed < 3 * IDLE_MS; passed += IDLE_MS / 2) {
		clock.now += IDLE_MS / 2;
		sweep();
	}
	assert.deepEqual(ended, []);
	assert.ok(signIns.find(token));
});

test("every sign-in ends at last, however much it is used", (t) => {
	const { clock, ended, facts, present, signIns, sweep } = setUp(t);
	const { signIn, token } = signIns.begin(facts("ada"));
	present.push(signIn.signInId);
	assert.equal(signIn.endsAt, clock.now + LONGEST_MS);
	for (let passed = 0; passed < LONGEST_MS - IDLE_MS / 2; passed += IDLE_MS / 2) {
		clock.now += IDLE_MS / 2;
		sweep();
		assert.ok(signIns.find(token));
	}
	clock.now = signIn.endsAt;
	assert.equal(signIns.find(token), null);
	sweep();
	assert.deepEqual(
		ended.map(({ why }) => why),
		["expired"],
	);
});

test("a user's sign-ins are listed, newest use first, and nobody else's", (t) => {
	const { clock, facts, signIns } = setUp(t);
	const [first, second] = [signIns.begin(facts("ada")), signIns.begin(facts("ada"))];
	signIns.begin(facts("bob"));
	clock.now += 2 * MINUTE_MS;
	signIns.find(first.token);
	const listed = signIns.listOf(first.signIn.userId).map(({ signInId }) => signInId);
	assert.deepEqual(listed, [first.signIn.signInId, second.signIn.signInId]);
});

test("one that is ended is ended once, with who did it, and the rest of its owner's go on", (t) => {
	const { ended, facts, signIns } = setUp(t);
	const [one, other] = [signIns.begin(facts("ada")), signIns.begin(facts("ada"))];
	const by = { actor: "user:ada", address: "203.0.113.9" };
	const { signInId } = one.signIn;
	assert.equal(signIns.end([signInId], "signed-out", by).length, 1);
	assert.equal(signIns.end([signInId], "signed-out", by).length, 0);
	assert.deepEqual(ended, [{ signInId, why: "signed-out", by }]);
	assert.equal(signIns.find(one.token), null);
	assert.ok(signIns.find(other.token));
});

test("all of a user's can be ended but the one that asks, and nobody else's", (t) => {
	const { ended, facts, signIns } = setUp(t);
	const [kept, gone] = [signIns.begin(facts("ada")), signIns.begin(facts("ada"))];
	const bobs = signIns.begin(facts("bob"));
	const by = { actor: "user:ada", address: null };
	signIns.endAllOf(kept.signIn.userId, "ended-elsewhere", by, kept.signIn.signInId);
	assert.deepEqual(ended, [{ signInId: gone.signIn.signInId, why: "ended-elsewhere", by }]);
	assert.ok(signIns.find(kept.token) && signIns.find(bobs.token));
	signIns.endAllOf(kept.signIn.userId, "disabled", by);
	assert.equal(signIns.find(kept.token), null);
});

test("an issuer ends its own sign-in, or all of a subject, and never all there are", (t) => {
	const { facts, signIns } = setUp(t);
	const begin = (subject: string, sid: string) => signIns.begin(facts(subject, { sid, idToken: "token" }));
	const [ada1, ada2, bob1] = [begin("ada", "s1"), begin("ada", "s2"), begin("bob", "s3")];
	const without = signIns.begin(facts("ada"));
	assert.deepEqual(signIns.endByIssuer("school", null, null), []);
	assert.deepEqual(signIns.endByIssuer("another", "ada", null), []);
	assert.deepEqual(signIns.endByIssuer("school", "bob", "s1"), [], "both have to be right");
	assert.deepEqual(signIns.endByIssuer("school", null, "s1"), [ada1.signIn]);
	assert.ok(signIns.find(ada2.token) && signIns.find(bob1.token));
	assert.equal(signIns.endByIssuer("school", "ada", null).length, 2);
	assert.equal(signIns.find(ada2.token) ?? signIns.find(without.token), null);
	assert.ok(signIns.find(bob1.token));
});

test("a user who signs in without end has a hundred sign-ins, and those that were used least recently end", (t) => {
	const { clock, ended, facts, signIns } = setUp(t);
	const bobs = signIns.begin(facts("bob"));
	const used = signIns.begin(facts("ada"));
	const unused = Array.from({ length: 99 }, () => {
		clock.now += 1;
		return signIns.begin(facts("ada"));
	});
	clock.now += 2 * MINUTE_MS;
	signIns.find(used.token);
	assert.deepEqual(ended, []);
	for (let turn = 0; turn < 3; turn += 1) {
		clock.now += 1;
		signIns.begin(facts("ada"));
	}
	const gone = unused.slice(0, 3).map(({ signIn }) => signIn.signInId);
	assert.deepEqual(
		ended.map(({ signInId, why }) => ({ signInId, why })),
		gone.map((signInId) => ({ signInId, why: "replaced" })),
	);
	assert.ok(signIns.find(used.token) && signIns.find(bobs.token));
});

test("what a browser calls itself is cut short", (t) => {
	const { facts, signIns } = setUp(t);
	const { signIn } = signIns.begin({ ...facts("ada"), device: "x".repeat(100_000) });
	assert.equal(signIn.device.length, 200);
});
