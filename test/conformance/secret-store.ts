/** What every store of secrets does, wherever it keeps them. Each store's own tests run this suite. */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { visitorOf } from "../../server/core/identity.ts";
import type { SecretStore } from "../../server/core/secrets.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import type { UserId } from "../../server/protocol/ids.ts";
import { MAX_SECRETS } from "../../server/protocol/secret-names.ts";

/** A store that is empty, and another opening of the same, as another gateway would have it. */
export type StoreUnderTest = AsyncDisposable & { store: SecretStore; again: SecretStore };

const userOf = (subject: string): UserId => visitorOf({ issuer: "test", subject, displayName: subject }).userId;
export const ADA = userOf("ada");
export const BOB = userOf("bob");
const BY = `user:${ADA}`;

export async function valuesOf(store: SecretStore, userId: UserId): Promise<Record<string, string>> {
	return Object.fromEntries((await store.reveal(userId)).values);
}

export function hasCode(code: string): (thrown: unknown) => true {
	return (thrown) => {
		assert.ok(thrown instanceof BerthError, String(thrown));
		assert.equal(thrown.code, code);
		return true;
	};
}

export function testSecretStore(name: string, setUp: () => Promise<StoreUnderTest>): void {
	async function start(t: TestContext): Promise<StoreUnderTest> {
		const underTest = await setUp();
		t.after(() => underTest[Symbol.asyncDispose]());
		return underTest;
	}

	describe(name, () => {
		test("nobody has a secret to begin with", async (t) => {
			const { store } = await start(t);
			assert.deepEqual(await store.list(ADA), []);
			assert.deepEqual(await valuesOf(store, ADA), {});
			assert.deepEqual((await store.reveal(ADA)).unreadable, []);
		});

		test("what is set is revealed to its user as it was, and listed by name", async (t) => {
			const { again, store } = await start(t);
			const values = { ZED: "last", A: "", B_1: "zwei\nZeilen\t\u0007 ✓ \u{1f511} \"'$`\\" };
			for (const [name, value] of Object.entries(values)) await store.set(ADA, { name, value }, BY);
			assert.deepEqual(await valuesOf(store, ADA), values);
			assert.deepEqual(await valuesOf(again, ADA), values);
			assert.deepEqual(
				(await store.list(ADA)).map(({ name }) => name),
				["A", "B_1", "ZED"],
			);
			assert.deepEqual(await valuesOf(store, BOB), {});
			assert.deepEqual(await store.list(BOB), []);
		});

		test("what is set again is the new value alone", async (t) => {
			const { again, store } = await start(t);
			await store.set(ADA, { name: "KEY", value: "old" }, BY);
			assert.deepEqual(await valuesOf(again, ADA), { KEY: "old" });
			await store.set(ADA, { name: "KEY", value: "new" }, BY);
			assert.deepEqual(await valuesOf(again, ADA), { KEY: "new" });
			assert.equal((await store.list(ADA)).length, 1);
		});

		test("what is removed is gone, and to remove it again changes nothing", async (t) => {
			const { again, store } = await start(t);
			await store.set(ADA, { name: "KEY", value: "1" }, BY);
			await store.set(BOB, { name: "KEY", value: "2" }, BY);
			assert.equal(await store.remove(ADA, "KEY"), true);
			assert.equal(await store.remove(ADA, "KEY"), false);
			assert.equal(await store.remove(ADA, "OTHER"), false);
			assert.deepEqual(await valuesOf(again, ADA), {});
			assert.deepEqual(await valuesOf(again, BOB), { KEY: "2" });
			await store.set(ADA, { name: "KEY", value: "3" }, BY);
			assert.deepEqual(await valuesOf(store, ADA), { KEY: "3" });
		});

		test("changes of different names at the same moment all count", async (t) => {
			const { again, store } = await start(t);
			const names = ["A", "B", "C", "D"];
			await Promise.all(names.map((name, at) => (at % 2 ? again : store).set(ADA, { name, value: name }, BY)));
			assert.deepEqual(Object.keys(await valuesOf(store, ADA)).toSorted(), names);
			await Promise.all([
				store.remove(ADA, "A"),
				again.remove(ADA, "B"),
				again.set(ADA, { name: "C", value: "c" }, BY),
			]);
			assert.deepEqual(await valuesOf(store, ADA), { C: "c", D: "D" });
		});

		test("more than a shell can be given is refused, and nothing is changed by it", async (t) => {
			const { store } = await start(t);
			for (const name of ["A", "B"]) await store.set(ADA, { name, value: "x".repeat(15_000) }, BY);
			await assert.rejects(store.set(ADA, { name: "C", value: "y".repeat(15_000) }, BY), hasCode("TOO_MANY_SECRETS"));
			// As JSON it is six times as long.
			await assert.rejects(
				store.set(ADA, { name: "C", value: "\u0001".repeat(1_000) }, BY),
				hasCode("TOO_MANY_SECRETS"),
			);
			await store.set(ADA, { name: "A", value: "short" }, BY);
			await store.set(ADA, { name: "C", value: "\u0001".repeat(1_000) }, BY);
			assert.deepEqual(Object.keys(await valuesOf(store, ADA)).toSorted(), ["A", "B", "C"]);
		});

		test("so many secrets are kept, and not one more", async (t) => {
			const { store } = await start(t);
			for (let number = 1; number <= MAX_SECRETS; number++)
				await store.set(BOB, { name: `N${number}`, value: "v" }, BY);
			await assert.rejects(store.set(BOB, { name: "MORE", value: "v" }, BY), hasCode("TOO_MANY_SECRETS"));
			await store.set(BOB, { name: "N1", value: "changed" }, BY);
			assert.equal((await store.list(BOB)).length, MAX_SECRETS);
		});
	});
}
