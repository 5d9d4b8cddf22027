/** What every authenticator does, whoever vouches. Each one's own tests run this suite. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { FIRST_UID } from "../../server/core/accounts.ts";
import type { Vouched } from "../../server/core/authenticator.ts";
import { userIdOf } from "../../server/core/identity.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { Uid } from "../../server/protocol/ids.ts";
import { SqlitePlaces } from "../../server/store/sqlite-places.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

/** Somebody, as their issuer knows them. No name: the issuer has none for them. */
export type Person = { subject: string; name?: string };

export type AuthenticatorUnderTest = AsyncDisposable & {
	/** Has the person vouched for by all the way that the real one goes; null where it is refused. */
	vouchFor(person: Person): Promise<Vouched | null>;
	/** Whether people have names and subjects of their own there; guests have neither. */
	hasNames: boolean;
};

export const HOSTILE_TEXTS = [
	" ",
	"root",
	"../../etc/passwd",
	"-rf",
	"--uid=0",
	"a:x:0:0::/root:/bin/sh",
	"a\nroot::0:0::/:/bin/sh",
	"\r\nSet-Cookie: a=b",
	"$(reboot)",
	"; rm -rf /",
	"a\0b",
	"..",
	"r\u043e\u043et",
	"\u202etoor",
	"\u{1f469}\u200d\u{1f4bb}",
	"\ud800",
	"systemd",
	"A".repeat(5_000),
	"__proto__",
	"constructor",
	"<script>alert(1)</script>",
	"' OR 1=1 --",
	"%2e%2e%2f",
];

/** A user store with nobody in it, on a disk. */
function openUsers(t: TestContext): { users: SqliteUsers; places: SqlitePlaces } {
	const database = openDatabase(t);
	return { users: new SqliteUsers(database), places: new SqlitePlaces(database) };
}

export function testAuthenticator(name: string, setUp: () => Promise<AuthenticatorUnderTest>): void {
	async function start(t: TestContext): Promise<AuthenticatorUnderTest> {
		const underTest = await setUp();
		t.after(() => underTest[Symbol.asyncDispose]());
		return underTest;
	}

	async function vouched(underTest: AuthenticatorUnderTest, person: Person): Promise<Vouched> {
		const answer = await underTest.vouchFor(person);
		assert.ok(answer, `${JSON.stringify(person)} is refused`);
		return answer;
	}

	describe(name, () => {
		test("whatever somebody is called, they get a harmless account, and a name of one short line", async (t) => {
			const underTest = await start(t);
			const { users } = openUsers(t);
			for (const [at, text] of HOSTILE_TEXTS.entries()) {
				const { identity } = await vouched(underTest, { subject: `person-${at}`, name: text });
				const { username, displayName } = users.remember(identity, 0);
				assert.match(username, /^[a-z][a-z0-9-]{0,19}-[a-z2-7]{10}$/, JSON.stringify(text));
				assert.doesNotMatch(username, /^(root|systemd|daemon|admin|nobody|berth)-/);
				assert.match(
					displayName,
					/^[^\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u2028\u2029]{1,200}$/u,
					JSON.stringify(text),
				);
				assert.ok(displayName.length <= 200 && displayName === displayName.trim() && displayName !== "");
			}
		});

		test("whatever somebody is to the issuer, they are refused or one user of their own", async (t) => {
			const underTest = await start(t);
			const { users } = openUsers(t);
			const seen = new Set<string>();
			let vouchedFor = 0;
			for (const subject of [...HOSTILE_TEXTS, "ada", "Ada", "ada."]) {
				const answer = await underTest.vouchFor({ subject });
				if (answer === null) continue;
				vouchedFor += 1;
				seen.add(users.remember(answer.identity, 0).userId);
			}
			assert.ok(vouchedFor >= 3, "usual people are let in");
			assert.equal(seen.size, vouchedFor);
		});

		test("the same person is the same user, with the same account, whatever they are called later", async (t) => {
			const underTest = await start(t);
			const { users } = openUsers(t);
			const names = underTest.hasNames
				? ["Ada Byron", "Ada Lovelace", undefined, "\u{1f469}\u200d\u{1f4bb}"]
				: ["Ada", "Bob"];
			const known = names.map(async (each) => {
				const { identity } = await vouched(underTest, { subject: "ada", ...(each !== undefined && { name: each }) });
				return users.remember(identity, 0);
			});
			const [first, ...later] = await Promise.all(known);
			for (const user of later) assert.deepEqual([user.userId, user.username], [first?.userId, first?.username]);
		});

		test("after the database is lost, whoever comes back under another name finds the home on the volume", async (t) => {
			const underTest = await start(t);
			const { identity } = await vouched(underTest, { subject: "ada", name: "Ada Byron" });
			const { username } = openUsers(t).users.remember(identity, 0);
			const { places, users } = openUsers(t);
			const uid = Uid.parse(FIRST_UID + 41);
			places.recordHomes([{ username, uid }]);
			const later = await vouched(underTest, { subject: "ada", name: "Ada Lovelace" });
			const user = users.remember(later.identity, 1);
			assert.equal(user.username, username);
			assert.equal(places.register(user, 1), uid);
		});

		test("also where they come back before it is known what is on the volume", async (t) => {
			const underTest = await start(t);
			const { identity } = await vouched(underTest, { subject: "ada", name: "Ada Byron" });
			const { username } = openUsers(t).users.remember(identity, 0);
			const { places, users } = openUsers(t);
			const later = await vouched(underTest, { subject: "ada", name: "Ada Lovelace" });
			const before = users.remember(later.identity, 1);
			const uid = Uid.parse(FIRST_UID + 41);
			places.recordHomes([{ username, uid }]);
			const user = users.find(before.userId);
			assert.ok(user);
			assert.equal(user.username, username);
			assert.equal(places.register(user, 1), uid);
			// Whoever was let in under the other name meanwhile is given no second home.
			if (before.username !== username) assert.throws(() => places.register(before, 1), isUnauthenticated);
		});

		test("two people are two users, though they are called the same", async (t) => {
			const underTest = await start(t);
			const ids = ["ada", "bob", "eve"].map(async (subject) => {
				return userIdOf((await vouched(underTest, { subject, name: "Ada" })).identity);
			});
			assert.equal(new Set(await Promise.all(ids)).size, 3);
		});

		test("nobody becomes an operator by what they are called", async (t) => {
			const underTest = await start(t);
			for (const text of ["operator", "admin", "root"]) {
				const { role } = await vouched(underTest, { subject: text, name: text });
				assert.notEqual(role, "operator");
			}
		});
	});
}

function isUnauthenticated(thrown: unknown): boolean {
	return thrown instanceof BerthError && thrown.code === "UNAUTHENTICATED";
}

/** For those that throw where they refuse. */
export async function orRefused(vouching: Promise<Vouched>): Promise<Vouched | null> {
	try {
		return await vouching;
	} catch (thrown) {
		if (thrown instanceof BerthError && thrown.code === "SIGN_IN_REFUSED") return null;
		throw thrown;
	}
}
