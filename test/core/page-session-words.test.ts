import assert from "node:assert/strict";
import { test } from "node:test";
import { endingOf, expiryWords, skippedWords } from "../../web/container-terminal/session-words.ts";

test("how a session ended is told, also where nobody ended it", () => {
	const exited = { kind: "exited", at: 0, exitCode: null, signal: null, expired: null } as const;
	assert.equal(endingOf({ ...exited, exitCode: 3 }), "ended with exit code 3");
	assert.equal(endingOf({ ...exited, signal: "SIGKILL" }), "ended by SIGKILL");
	assert.equal(endingOf({ ...exited, signal: "SIGHUP", expired: "idle" }), "ended: idle for too long");
	assert.match(endingOf({ ...exited, signal: "SIGHUP", expired: "detached" }), /nobody looked at it/);
});

test("a session that is about to end counts down, and says what keeps it", () => {
	const words = expiryWords("build", { at: 60_000, reason: "idle", afterMs: 3_600_000 }, 12_500);
	assert.equal(words, "“build” ends in 48 s: nothing was typed or printed for an hour. Type anything to keep it.");
	const halfHour = { at: 60_000, reason: "idle", afterMs: 1_800_000 } as const;
	assert.match(expiryWords("build", halfHour, 12_500), /for 30 minutes\./);
	assert.match(
		expiryWords("build", { at: 60_000, reason: "detached", afterMs: 86_400_000 }, 12_500),
		/Open it to keep it/,
	);
});

test("a clock that is wrong is not counted by", () => {
	assert.match(expiryWords("build", { at: 60_000, reason: "idle", afterMs: 3_600_000 }, -3_600_000), /ends soon/);
	assert.match(expiryWords("build", { at: 60_000, reason: "idle", afterMs: 3_600_000 }, 3_600_000), /ends soon/);
});

test("whoever missed output is told how much of it was kept", () => {
	assert.match(skippedWords("build", 900), /The last 900 lines above were kept/);
	assert.match(skippedWords("build", 0), /Only what is on the screen/);
});
