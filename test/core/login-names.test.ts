import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nameKeyOf } from "../../server/core/login-names.ts";
import { LoginName } from "../../server/protocol/api.ts";

test("one person answers to a name however it is typed", () => {
	for (const [name, ...others] of [
		["ada", "Ada", "ADA", "ａｄａ", "Ａda", " ada ", "a\u200bda", "a\u00adda", "ada\ufe0f"],
		["strasse", "Straße", "STRASSE", "ſtraße"],
		["σοφος", "ΣΟΦΟΣ", "σοφοσ", "Σοφος"],
		["zoë", "zoe\u0308", "ZOË", "ZOE\u0308"],
		["office", "oﬃce", "OFFICE"],
		["ada lovelace", "Ada\u00a0Lovelace", "ada  lovelace", "ADA\u3000LOVELACE"],
	]) {
		for (const other of others) assert.equal(nameKeyOf(other), nameKeyOf(name ?? ""), JSON.stringify(other));
	}
});

test("names that differ by a letter, an accent or a digit are different people's", () => {
	const names = ["ada", "adà", "adaa", "ad a", "ada1", "аda", "bda", ""];
	assert.equal(new Set(names.map(nameKeyOf)).size, names.length);
});

test("a name of which nothing can be seen has no key, and a key is its own key", () => {
	for (const name of ["", " ", "\u3164", "\u200b\u200b", "\u115f\u1160", "\ufe0f"]) assert.equal(nameKeyOf(name), "");
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 64 }), (name) => {
			assert.equal(nameKeyOf(nameKeyOf(name)), nameKeyOf(name));
		}),
		{ numRuns: 3_000 },
	);
});

test("names that could be taken for another, or break a line, are no login names", () => {
	for (const name of ["", " ada", "ada ", "a\nb", "a\0b", "a\u202eb", "a\u200bb", "\ud800", "A".repeat(65)]) {
		assert.equal(LoginName.safeParse(name).success, false, JSON.stringify(name));
	}
	for (const name of ["ada", "a", "Ada Lovelace", "ada@example.org", "名前", "o'neil", "👩"]) {
		assert.equal(LoginName.safeParse(name).success, true, name);
	}
});
