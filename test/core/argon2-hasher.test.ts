import assert from "node:assert/strict";
import { test } from "node:test";
import { Argon2Hasher } from "../../server/authenticators/argon2-hasher.ts";
import { BerthError } from "../../server/protocol/errors.ts";

const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 };

test("hashes are Argon2id with OWASP's parameters, each with a salt of its own", async () => {
	const hasher = new Argon2Hasher();
	const hashes = [await hasher.hash("a password", "known"), await hasher.hash("a password", "known")];
	for (const hash of [...hashes, hasher.decoy]) {
		assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
	}
	assert.notEqual(hashes[0], hashes[1]);
	assert.equal(await hasher.verify(hashes[0] ?? "", "a password", "strangers"), true);
	assert.equal(await hasher.verify(hashes[0] ?? "", "a passwore", "strangers"), false);
	assert.equal(await hasher.verify(hasher.decoy, "", "strangers"), false);
	assert.notEqual(hasher.decoy, new Argon2Hasher().decoy);
});

test("a hash that was made at another cost, or in another way, is outdated", async () => {
	const hasher = new Argon2Hasher(CHEAP);
	const hash = await hasher.hash("a password", "known");
	assert.equal(hasher.isOutdated(hash), false);
	assert.equal(hasher.isOutdated(hasher.decoy), false);
	assert.equal(hasher.isOutdated(hash.replace("$argon2id$", "$argon2i$")), true);
	for (const change of [{ memoryCost: 128 }, { timeCost: 2 }, { parallelism: 2 }]) {
		const other = new Argon2Hasher({ ...CHEAP, ...change });
		assert.equal(other.isOutdated(hash), true);
		assert.equal(await other.verify(hash, "a password", "known"), true, "it is right all the same");
	}
});

test("what is too much at once is turned away with the time to try again, and known ones do not wait behind it", async () => {
	const hasher = new Argon2Hasher(CHEAP);
	const guess = (): Promise<boolean> => hasher.verify(hasher.decoy, "guess", "strangers");
	const flood = Promise.allSettled(Array.from({ length: 500 }, guess));
	assert.equal(await hasher.verify(hasher.decoy, "mine", "known"), false);
	const refused = (await flood).flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
	assert.ok(refused.length > 200 && refused.length < 300, String(refused.length));
	for (const error of refused) {
		assert.ok(error instanceof BerthError && error.code === "TOO_MANY_ATTEMPTS" && error.retryAfterMs);
	}
	assert.equal(await hasher.verify(hasher.decoy, "later", "strangers"), false, "it goes on afterwards");
});
