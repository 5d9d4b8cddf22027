import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { visitorOf } from "../../server/core/identity.ts";
import { SessionAudit } from "../../server/core/session-audit.ts";
import { SessionId, Username } from "../../server/protocol/ids.ts";
import type { SessionInfo, SessionState } from "../../server/protocol/session.ts";
import { RecordingAudit } from "../support/recording-audit.ts";

const ada = visitorOf({ issuer: "test", subject: "ada", displayName: "ada" });
const { userId, username } = ada;
const container = "berth-main-3";
const by = { userId, address: "192.0.2.1" };
const START = 1_000_000;

const newSession = (): SessionId => SessionId.parse(randomBytes(16).toString("base64url"));

function sessions(): { audit: RecordingAudit; sessions: SessionAudit } {
	const audit = new RecordingAudit();
	const userIdOf = (name: Username) => (name === username ? userId : null);
	return { audit, sessions: new SessionAudit({ audit, userIdOf, now: () => START }) };
}

function changed(sessionId: SessionId, state: SessionState): Parameters<SessionAudit["onUserEvent"]>[0] {
	const session: SessionInfo = {
		...{ sessionId, name: "secret name", state, size: { cols: 80, rows: 24 }, sizedAt: 0 },
		...{ expiry: null, createdAt: 0, outputStart: 0, outputEnd: 0 },
	};
	return { kind: "session-changed", username, session };
}

const exited = (more: Partial<Extract<SessionState, { kind: "exited" }>> = {}): SessionState => ({
	...{ kind: "exited", at: START, exitCode: 0, signal: null, expired: null },
	...more,
});

const endsIn = ({ events }: RecordingAudit) =>
	events.filter(({ action }) => action === "session.ended").map(({ actor, details }) => [actor, details.why]);

test("a session's life is written down: who, where from, which session, in which container", () => {
	const { audit, sessions: life } = sessions();
	const where = { sessionId: newSession(), container };
	life.opened(by, where);
	life.attached(by, where);
	life.onUserEvent(changed(where.sessionId, { kind: "running", attached: 1 }), container);
	life.onUserEvent(changed(where.sessionId, exited({ exitCode: 3 })), container);
	const same = { subject: userId, result: "done" };
	const ofAda = { ...same, actor: `user:${userId}`, address: "192.0.2.1", details: where };
	assert.deepEqual(audit.events, [
		{ ...ofAda, action: "session.opened" },
		{ ...ofAda, action: "session.attached" },
		{
			...{ ...same, actor: "gateway", address: null, action: "session.ended" },
			details: { ...where, why: "exited", exitCode: 3, signal: null },
		},
	]);
	assert.doesNotMatch(JSON.stringify(audit.events), /secret name/);
});

test("an end is written down once, however often it is told, and says why", () => {
	const { audit, sessions: life } = sessions();
	const expired = newSession();
	for (let time = 0; time < 3; time += 1) life.onUserEvent(changed(expired, exited({ expired: "idle" })), container);
	life.onUserEvent({ kind: "session-closed", username, sessionId: expired }, container);
	const lost = newSession();
	life.lost(by, { sessionId: lost, container });
	life.lost(by, { sessionId: lost, container });
	life.onUserEvent({ kind: "session-closed", username, sessionId: newSession() }, container);
	assert.deepEqual(endsIn(audit), [
		["gateway", "idle"],
		["gateway", "container-lost"],
		["gateway", "ended-by-gateway"],
	]);
});

test("who closes a session is who ended it, unless it could not be closed or had ended already", () => {
	const { audit, sessions: life } = sessions();
	const [closed, refused, over] = [newSession(), newSession(), newSession()];
	const closing = life.closing(by, { sessionId: closed, container });
	life.onUserEvent({ kind: "session-closed", username, sessionId: closed }, container);
	closing.done();
	life.closing(by, { sessionId: refused, container }).undo();
	life.onUserEvent(changed(refused, exited()), container);
	life.onUserEvent(changed(over, exited()), container);
	life.closing(by, { sessionId: over, container }).done();
	assert.deepEqual(endsIn(audit), [
		[`user:${userId}`, "closed"],
		["gateway", "exited"],
		["gateway", "exited"],
	]);
});

test("what had ended before the gateway started is no news, nor are sessions of accounts that nobody has", () => {
	const { audit, sessions: life } = sessions();
	life.onUserEvent(changed(newSession(), exited({ at: START - 1 })), container);
	life.onUserEvent({ kind: "session-closed", username: Username.parse("eve"), sessionId: newSession() }, container);
	assert.deepEqual(audit.events, []);
});

test("nobody fills the log by attaching without end", () => {
	const { audit, sessions: life } = sessions();
	const where = { sessionId: newSession(), container };
	for (let time = 0; time < 1_000; time += 1) life.attached(by, where);
	assert.equal(audit.events.length, 101);
	const last = audit.events.at(-1);
	assert.deepEqual([last?.action, last?.result], ["limit.hit", "RATE_LIMITED"]);
});
