/** Who may be wrong how often, with the real counters. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttemptFacts, SignInAttempts } from "../../server/core/sign-in-attempts.ts";
import { MemoryAttemptLimit, memoryAttemptLimits } from "../../server/limits/memory-attempt-limit.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { RecordingAudit } from "../support/recording-audit.ts";

const ADA: AttemptFacts = { address: "203.0.113.1", nameKey: "ada", deviceId: null, subject: "ada's id" };

function newAttempts(): { attempts: SignInAttempts; audit: RecordingAudit } {
	const audit = new RecordingAudit();
	return { attempts: new SignInAttempts(memoryAttemptLimits(), audit), audit };
}

/** How many of so many attempts are let through. */
async function tries(attempts: SignInAttempts, facts: AttemptFacts, count: number): Promise<number> {
	let passed = 0;
	for (let attempt = 0; attempt < count; attempt += 1) {
		await attempts.begin(facts).then(
			() => {
				passed += 1;
			},
			(error: unknown) => {
				assert.ok(error instanceof BerthError && error.code === "TOO_MANY_ATTEMPTS");
				assert.ok((error.retryAfterMs ?? 0) > 0 && (error.retryAfterMs ?? 0) <= 60 * 60_000);
			},
		);
	}
	return passed;
}

const from = (number: number): string => `198.51.100.${number}`;

test("a stranger may be wrong ten times at an account, and another account is counted apart", async () => {
	const { attempts } = newAttempts();
	assert.equal(await tries(attempts, ADA, 15), 10);
	assert.equal(await tries(attempts, { ...ADA, nameKey: "bob" }, 1), 1);
});

test("one address cannot use up what all strangers have at an account, and many together are bounded", async () => {
	const { attempts } = newAttempts();
	assert.equal(await tries(attempts, ADA, 90), 10, "what is refused for the address does not count for all");
	assert.equal(await tries(attempts, { ...ADA, address: from(1) }, 1), 1);
	let passed = 0;
	for (let number = 2; number < 40; number += 1) passed += await tries(attempts, { ...ADA, address: from(number) }, 10);
	assert.equal(passed, 60 - 11);
});

test("one address is bounded over all accounts together", async () => {
	const { attempts } = newAttempts();
	let passed = 0;
	for (let number = 0; number < 150; number += 1) {
		passed += await tries(attempts, { ...ADA, nameKey: `name ${number}` }, 1);
	}
	assert.equal(passed, 100);
});

test("a browser that is known for the account is counted by itself, whatever others do", async () => {
	const { attempts } = newAttempts();
	for (let number = 1; number < 10; number += 1) await tries(attempts, { ...ADA, address: from(number) }, 10);
	assert.equal(await tries(attempts, { ...ADA, address: from(99) }, 1), 0, "strangers are locked out");
	for (let number = 0; number < 100; number += 1) {
		await tries(attempts, { ...ADA, nameKey: `name ${number}` }, 1);
	}
	assert.equal(await tries(attempts, { ...ADA, deviceId: "known" }, 15), 10);
	assert.equal(await tries(attempts, { ...ADA, deviceId: "also known" }, 1), 1);
});

test("what was right does not count, and many at once are counted before any is looked at", async () => {
	const { attempts } = newAttempts();
	for (let attempt = 0; attempt < 50; attempt += 1) await (await attempts.begin(ADA)).giveBack();
	const settled = await Promise.allSettled(Array.from({ length: 50 }, () => attempts.begin(ADA)));
	assert.equal(settled.filter(({ status }) => status === "fulfilled").length, 10);
});

test("also right attempts have a pace, which nobody can use up for somebody else", async () => {
	const { attempts } = newAttempts();
	const rightly = async (facts: AttemptFacts, count: number): Promise<number> => {
		let passed = 0;
		for (let attempt = 0; attempt < count; attempt += 1) {
			const begun = await attempts.begin(facts).catch(() => null);
			if (begun === null) continue;
			passed += 1;
			await begun.giveBack();
		}
		return passed;
	};
	assert.equal(await rightly(ADA, 150), 100);
	let passed = 0;
	// A known browser has another id after each sign-in.
	for (let turn = 0; turn < 150; turn += 1) passed += await rightly({ ...ADA, deviceId: `device ${turn}` }, 1);
	assert.equal(passed, 100);
	assert.equal(await rightly({ ...ADA, address: from(1) }, 1), 1);
	assert.equal(await rightly({ ...ADA, nameKey: "bob", deviceId: "bob's" }, 1), 1);
});

test("of what was right nothing is left: the time to wait begins with the first that was wrong", async (t) => {
	t.mock.timers.enable({ apis: ["Date", "setTimeout"] });
	const limit = new MemoryAttemptLimit({ attempts: 2, durationMs: 15 * 60_000 });
	await limit.take("key");
	await limit.giveBack("key");
	t.mock.timers.tick(14 * 60_000);
	await limit.take("key");
	await limit.take("key");
	await limit.giveBack("key");
	await limit.take("key");
	assert.deepEqual(await limit.take("key"), { waitMs: 15 * 60_000, isFirstBeyond: true });
	t.mock.timers.tick(15 * 60_000);
	assert.equal((await limit.take("key")).waitMs, 0);
});

test("names that nobody has are counted in the same way", async () => {
	const { attempts } = newAttempts();
	assert.equal(await tries(attempts, { ...ADA, nameKey: "nobody's", subject: null }, 15), 10);
});

test("each limit that is reached is written down once, with whom it was at and nothing that was typed", async () => {
	const { attempts, audit } = newAttempts();
	await tries(attempts, ADA, 200);
	assert.deepEqual(
		audit.events.map(({ address, details, subject }) => ({ address, details, subject })),
		[
			{ address: ADA.address, details: { limit: "sign-in by accountFromAddress" }, subject: "ada's id" },
			{ address: ADA.address, details: { limit: "sign-in by address" }, subject: null },
		],
	);
	assert.ok(audit.told.every((line) => line === "limit.hit TOO_MANY_ATTEMPTS"));
});
