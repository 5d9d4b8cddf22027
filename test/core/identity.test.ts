import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { userIdOf, usernameOf, visitorOf } from "../../server/core/identity.ts";

const ada = { issuer: "https://id.example.org", subject: "42", displayName: "Ada Lovelace" };

test("the same identity has the same user id and username for ever", () => {
	// Written down, because files on volumes in the field depend on these very strings.
	assert.equal(userIdOf(ada), "a4xbldnqn6xnpdsrx3nqdseyqh");
	assert.equal(usernameOf(ada), "ada-lovelace-a4xbldnqn6");
});

test("issuer and subject cannot be shifted into each other", () => {
	assert.notEqual(userIdOf({ ...ada, issuer: "a", subject: "bc" }), userIdOf({ ...ada, issuer: "ab", subject: "c" }));
});

test("a username is a safe account name whatever the display name is", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.string(), (displayName, subject) => {
			assert.match(usernameOf({ issuer: "x", subject, displayName }), /^[a-z][a-z0-9-]*-[a-z2-7]{10}$/);
			assert.ok(usernameOf({ issuer: "x", subject, displayName }).length <= 31);
		}),
	);
});

test("names that a system account could have do not stay as they are", () => {
	for (const displayName of ["root", "Systemd", "", "../..", "42", "Ω"]) {
		assert.match(usernameOf({ ...ada, displayName }), /^user-/);
	}
});

test("accents and case are folded into the readable part", () => {
	assert.match(usernameOf({ ...ada, displayName: "Élodie  Ñandú" }), /^elodie-nandu-/);
});

test("a visitor carries its identity and what follows from it", () => {
	assert.deepEqual(visitorOf(ada), { ...ada, userId: userIdOf(ada), username: usernameOf(ada) });
});
