/** What a new shell is given of what a store reveals, and what its user is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type RevealedSecrets, secretsForShell } from "../../server/core/secrets.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { areSecretsWithinBounds } from "../../server/protocol/secret-names.ts";
import { ADA } from "../conformance/secret-store.ts";

const storeOf = (values: Record<string, string>, unreadable: RevealedSecrets["unreadable"] = []) => ({
	reveal: async () => ({ values: new Map(Object.entries(values)), unreadable }),
});

test("a store that fails costs the secrets and not the shell", async () => {
	for (const thrown of [new BerthError("SECRETS_UNAVAILABLE"), new Error("with a secret in it")]) {
		const failing = {
			reveal: async () => {
				throw thrown;
			},
		};
		const { environment, problems } = await secretsForShell(failing, ADA);
		assert.deepEqual(environment, {});
		assert.deepEqual(
			problems.map(({ code, message }) => [code, message.includes("in it")]),
			[["SECRETS_UNAVAILABLE", false]],
		);
	}
});

test("what a shell cannot have is left out and told by name, the others are given", async () => {
	const store = storeOf({ GOOD: "1", PATH: "/evil", "x y\u001b[2J": "2", NUL: "a\0b" }, [
		{ name: "OLD", why: "it was damaged" },
	]);
	const { environment, problems } = await secretsForShell(store, ADA);
	assert.deepEqual(environment, { GOOD: "1" });
	assert.deepEqual(
		problems.map(({ detail }) => detail),
		[
			"OLD: it was damaged",
			"PATH: no variable of a shell can have this name",
			"x?y??2J: no variable of a shell can have this name",
			"NUL: it is too long, or no text",
		],
	);
});

test("of too much, the last are left out", async () => {
	const all = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`N${at}`, "x".repeat(9_000)]));
	const { environment, problems } = await secretsForShell(storeOf(all), ADA);
	assert.deepEqual(Object.keys(environment), ["N0", "N1", "N2"]);
	assert.equal(problems.length, 2);
	assert.ok(areSecretsWithinBounds(environment));
});
