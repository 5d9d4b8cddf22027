/** Names that people choose, or that somebody chooses for them, on their way to a Linux account: from each authenticator. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { sign } from "cookie-signature";
import fc from "fast-check";
import { AnonymousAuthenticator, GUEST_COOKIE } from "../../server/authenticators/anonymous.ts";
import { Argon2Hasher } from "../../server/authenticators/argon2-hasher.ts";
import { userIdOf, usernameOf, visitorOf } from "../../server/core/identity.ts";
import { Passwords } from "../../server/core/passwords.ts";
import { LoginName } from "../../server/protocol/api.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { SessionId, Username } from "../../server/protocol/ids.ts";
import { SqlitePasswords } from "../../server/store/sqlite-passwords.ts";
import { SqliteUsers } from "../../server/store/sqlite-users.ts";
import { openDatabase } from "../support/test-database.ts";

const HOSTILE = [
	"",
	" ",
	"root",
	"../../etc/passwd",
	"/workspace/other",
	"-rf",
	"--uid=0",
	"a:x:0:0::/root:/bin/sh",
	"a\nroot::0:0::/:/bin/sh",
	"$(reboot)",
	"`id`",
	"; rm -rf /",
	"a\0b",
	"%2e%2e%2f",
	"..",
	".",
	"ROOT",
	"rооt",
	"\u202etoor",
	"👩‍💻",
	"berth",
	"systemd",
	"con",
	"A".repeat(100_000),
	"__proto__",
	"constructor",
];
/** Those of the image, of Debian, and of what people may install. */
const SYSTEM_ACCOUNTS = [
	"root",
	"daemon",
	"bin",
	"sys",
	"nobody",
	"www-data",
	"systemd-network",
	"messagebus",
	"berth",
];

function assertHarmless(username: string, from: unknown): void {
	assert.match(username, /^[a-z][a-z0-9-]{0,30}$/, JSON.stringify(from));
	assert.ok(!SYSTEM_ACCOUNTS.includes(username));
	// The hash at the end makes it nobody's who is there already, and the identity's alone.
	assert.match(username, /-[a-z2-7]{10}$/);
	assert.doesNotMatch(username, /^(root|systemd|daemon|admin|nobody|berth)-/);
}

test("whatever an authenticator vouches for becomes a harmless account's name, and always the same", () => {
	const anything = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 200 }));
	fc.assert(
		fc.property(fc.record({ issuer: anything, subject: anything, displayName: anything }), (identity) => {
			const { userId, username } = visitorOf(identity);
			assertHarmless(username, identity);
			assert.deepEqual([userIdOf(identity), usernameOf({ ...identity })], [userId, username]);
		}),
		{ numRuns: 5_000 },
	);
	for (const displayName of HOSTILE)
		assertHarmless(usernameOf({ issuer: "i", subject: "s", displayName }), displayName);
});

test("two people never become one by what they are called, nor by where issuer and subject are cut", () => {
	const named = HOSTILE.map((displayName) => userIdOf({ issuer: "i", subject: "s", displayName }));
	assert.equal(new Set(named).size, 1, "what one is called says nothing of who one is");
	const cut = [
		{ issuer: "a", subject: "bc" },
		{ issuer: "ab", subject: "c" },
		{ issuer: "abc", subject: "" },
	].map((who) => userIdOf({ ...who, displayName: "x" }));
	assert.equal(new Set(cut).size, 3);
});

test("a guest's cookie vouches for subjects that the gateway has made, and for no other, even if it were signed", () => {
	const secret = randomBytes(32).toString("hex");
	const authenticator = new AnonymousAuthenticator({ secret, isSecure: false });
	const cookieOf = (subject: string, key = secret): string =>
		`${GUEST_COOKIE}=${encodeURIComponent(sign(subject, key))}`;
	const identify = (cookie: string) =>
		authenticator.identify({ headers: { cookie }, peer: "", address: "" })?.identity.subject;
	for (const subject of HOSTILE) assert.equal(identify(cookieOf(subject)), undefined, subject.slice(0, 40));
	const own = randomBytes(16).toString("base64url");
	assert.equal(identify(cookieOf(own)), own);
	assert.equal(identify(cookieOf(own, "another key")), undefined);
	// Of several cookies of the name the first counts, as for everybody who reads cookies; none is mixed with another.
	assert.equal(identify(`${cookieOf(own)}; ${cookieOf("root", "another key")}`), own);
});

test("names and ids that come by a wire are refused unless they are as ours are", () => {
	for (const name of HOSTILE) {
		if (/^[a-z][a-z0-9-]{0,30}$/.test(name)) continue;
		assert.equal(Username.safeParse(name).success, false, name.slice(0, 40));
		assert.equal(SessionId.safeParse(name).success, false, name.slice(0, 40));
	}
	assert.equal(Username.safeParse("ada\n").success, false, "a line end behind a name is no name");
	assert.equal(SessionId.safeParse(`${"A".repeat(22)}\n`).success, false);
});

test("a login name of an operator's or a person's choice becomes a harmless account, or is refused", (t) => {
	const database = openDatabase(t);
	const passwords = new Passwords({
		store: new SqlitePasswords(database),
		users: new SqliteUsers(database),
		hasher: new Argon2Hasher(),
		atomically: (work) => database.inTransaction(work),
	});
	const add = (name: string): void => {
		try {
			const { displayName, subject, username } = passwords.add(name, { role: "user", tier: null });
			assertHarmless(username, name);
			assert.equal(displayName, name);
			assert.match(subject, /^[\w-]{22}$/, "nothing of the name is in the identity");
		} catch (error) {
			assert.ok(error instanceof BerthError && ["BAD_REQUEST", "NAME_TAKEN"].includes(error.code), String(error));
		}
	};
	for (const name of HOSTILE) add(name);
	fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 64 }), add), { numRuns: 500 });
	for (const name of HOSTILE.filter((each) => /[\p{C}]|^\s|\s$|^$/u.test(each) || each.length > 64)) {
		assert.equal(LoginName.safeParse(name).success, false, JSON.stringify(name.slice(0, 40)));
	}
});
