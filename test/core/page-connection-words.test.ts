import assert from "node:assert/strict";
import { test } from "node:test";
import { BerthError, ERROR_CODES, type ErrorCode, toWireError } from "../../server/protocol/errors.ts";
import type { SignInEnd } from "../../server/protocol/sign-in.ts";
import { reconnectDelayMs } from "../../web/container-terminal/back-off.ts";
import { badgeOf, coverOf, lostWordsOf, type Situation } from "../../web/container-terminal/connection-words.ts";

const errorOf = (code: ErrorCode) => toWireError(new BerthError(code));
const waitingFor = (code: ErrorCode): Situation => ({ ...CONNECTED, place: { kind: "waiting", error: errorOf(code) } });

const CONNECTED: Situation = {
	connection: { kind: "connected", roundTripMs: 3.21 },
	place: { kind: "ready", container: "berth-main-1", generation: "g" },
	tabs: 1,
	brokenSince: null,
	now: 100_000,
};
const BROKEN: Situation = { ...CONNECTED, connection: { kind: "reconnecting", at: 104_200 }, brokenSince: 90_000 };

test("a connected page shows its round trip, and nothing lies over the terminal", () => {
	assert.deepEqual(badgeOf(CONNECTED), { state: "connected", code: null, text: "3.2 ms" });
	assert.equal(coverOf(CONNECTED), null);
	assert.equal(lostWordsOf(CONNECTED), null);
});

test("a broken connection counts down, and leaves the terminal to be read", () => {
	assert.deepEqual(badgeOf(BROKEN), { state: "reconnecting", code: null, text: "Reconnecting in 5 s" });
	assert.equal(coverOf(BROKEN), null);
	assert.match(lostWordsOf(BROKEN) ?? "", /Next attempt in 5 s/);
});

test("a connection that breaks for a moment is not worth a word", () => {
	assert.equal(lostWordsOf({ ...BROKEN, brokenSince: BROKEN.now - 400 }), null);
});

test("a page that never reached the gateway says so after a while, with a button", () => {
	const never: Situation = { ...BROKEN, place: null, tabs: 0 };
	assert.equal(coverOf(never)?.button, "retry");
	assert.equal(coverOf({ ...never, brokenSince: never.now })?.title, "Opening your terminal");
});

test("a gateway that does not let the page in for now is quoted, with the time of the next attempt", () => {
	const connection = { kind: "reconnecting", at: 104_200, refusal: errorOf("TOO_MANY_PAGES") } as const;
	const outside: Situation = { ...BROKEN, connection, place: null, tabs: 0 };
	assert.equal(badgeOf(outside).code, "TOO_MANY_PAGES");
	assert.equal(coverOf(outside)?.title, "You have as many pages open as are allowed");
	assert.match(coverOf(outside)?.action ?? "", /Next attempt in 5 s/);
	assert.match(lostWordsOf({ ...outside, tabs: 1 }) ?? "", /as many pages open as are allowed\. Programs go on/);
});

test("whatever the page may wait for has a code on the badge and words on the cover", () => {
	for (const code of ERROR_CODES) {
		const badge = badgeOf(waitingFor(code));
		assert.deepEqual([badge.state, badge.code], ["waiting", code]);
		const cover = coverOf(waitingFor(code));
		assert.ok(cover !== null && cover.title !== "" && cover.text !== "", code);
	}
	assert.match(coverOf(waitingFor("CONTAINER_RESTARTING"))?.text ?? "", /files are safe/);
});

test("where trying again would not help, the page says why and offers what may", () => {
	const refused = (code: ErrorCode): Situation => ({
		...CONNECTED,
		connection: { kind: "refused", error: errorOf(code) },
	});
	const stranger = refused("UNAUTHENTICATED");
	assert.deepEqual([badgeOf(stranger).state, badgeOf(stranger).code], ["offline", "UNAUTHENTICATED"]);
	assert.equal(coverOf(stranger)?.button, "sign-in");
	assert.equal(coverOf(refused("PROTOCOL_MISMATCH"))?.button, "reload");
});

test("whoever is signed out reads why, and may sign in again unless they are switched off", () => {
	const signedOut = (why: SignInEnd | null): Situation => ({ ...CONNECTED, connection: { kind: "signed-out", why } });
	const words = new Set<string>();
	for (const why of [null, "signed-out", "ended-elsewhere", "expired", "replaced", "disabled", "issuer"] as const) {
		const cover = coverOf(signedOut(why));
		assert.equal(cover?.title, "You are signed out");
		assert.equal(cover?.button, why === "disabled" ? null : "sign-in");
		assert.equal(badgeOf(signedOut(why)).state, "offline");
		words.add(cover?.text ?? "");
	}
	assert.equal(words.size, 7, "each reason in words of its own");
});

test("an embedded page that nobody has named a person to says what it waits for", () => {
	const waiting: Situation = { ...CONNECTED, connection: { kind: "token-wanted" }, tabs: 0 };
	assert.equal(badgeOf(waiting).state, "waiting");
	assert.match(coverOf(waiting)?.text ?? "", /has not said yet/);
});

test("a page without a session offers to open one", () => {
	assert.equal(coverOf({ ...CONNECTED, tabs: 0 })?.button, "open");
});

test("the pauses before new attempts double up to ten seconds, and chance spreads them", () => {
	const longest = [1, 2, 3, 5, 6, 50].map((attempt) => reconnectDelayMs(attempt, () => 1));
	assert.deepEqual(longest, [500, 1_000, 2_000, 8_000, 10_000, 10_000]);
	assert.equal(
		reconnectDelayMs(6, () => 0),
		2_500,
	);
});
