import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusals, refusal } from "../../server/core/refusals.ts";
import { MemoryAttemptLimit } from "../../server/limits/memory-attempt-limit.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { RecordingAudit } from "../support/recording-audit.ts";

const ATTEMPTS = 3;
const REQUEST = { headers: {}, peer: "", address: "192.0.2.7" };

function newRefusals() {
	const audit = new RecordingAudit();
	const refusals = new Refusals({ limit: new MemoryAttemptLimit({ attempts: ATTEMPTS, durationMs: 60_000 }), audit });
	/** Has a sign-in end like this, and returns the code that comes out. */
	const attempt = async (thrown: Error | null): Promise<string> => {
		try {
			return await refusals.attempt({ method: "jwt", request: REQUEST }, async () => {
				if (thrown !== null) throw thrown;
				return "done";
			});
		} catch (error) {
			return error instanceof BerthError ? error.code : "INTERNAL";
		}
	};
	return { audit, attempt, refusals };
}

test("what is right never counts, what is refused does", async () => {
	const { attempt } = newRefusals();
	for (let count = 0; count < 2 * ATTEMPTS; count += 1) assert.equal(await attempt(null), "done");
	for (let count = 0; count < ATTEMPTS; count += 1) assert.equal(await attempt(refusal("no")), "SIGN_IN_REFUSED");
	assert.equal(await attempt(null), "TOO_MANY_ATTEMPTS");
});

test("nobody has to wait because the issuer was down, or we were", async () => {
	const { attempt } = newRefusals();
	for (const thrown of [new BerthError("ISSUER_UNREACHABLE"), new Error("a surprise")]) {
		for (let count = 0; count < 4 * ATTEMPTS; count += 1) assert.notEqual(await attempt(thrown), "TOO_MANY_ATTEMPTS");
	}
	assert.equal(await attempt(null), "done");
});

test("the reason is written down where it is ours, and nothing else of what went wrong", async () => {
	const { attempt, audit } = newRefusals();
	await attempt(refusal("the token was used before", new Error("eyJhbGciOi")));
	await attempt(new BerthError("INTERNAL", { cause: new Error("eyJhbGciOi"), detail: "eyJhbGciOi" }));
	await attempt(new Error("eyJhbGciOi"));
	assert.deepEqual(
		audit.events.map(({ details, result }) => [result, details.reason]),
		[
			["SIGN_IN_REFUSED", "the token was used before"],
			["INTERNAL", null],
			["INTERNAL", null],
		],
	);
	assert.doesNotMatch(JSON.stringify(audit.events), /eyJ/);
});

test("who is switched off is written down by whoever knows them", async () => {
	const { attempt, audit } = newRefusals();
	assert.equal(await attempt(new BerthError("USER_DISABLED")), "USER_DISABLED");
	assert.deepEqual(audit.events, []);
});

test("refused logouts keep nobody from signing in", async () => {
	const { attempt, audit, refusals } = newRefusals();
	const event = { action: "sign-in.ended", details: { method: "oidc" } } as const;
	for (let count = 0; count < 4 * ATTEMPTS; count += 1) refusals.record(REQUEST.address, event, refusal("no"));
	assert.equal(audit.events.length, 4 * ATTEMPTS);
	assert.equal(await attempt(null), "done");
});
