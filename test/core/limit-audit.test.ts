import assert from "node:assert/strict";
import { test } from "node:test";
import { userIdOf } from "../../server/core/identity.ts";
import { LimitAudit } from "../../server/core/limit-audit.ts";
import { PerMinute } from "../../server/core/per-minute.ts";
import type { Actor } from "../../server/core/rights.ts";
import { BerthError, type ErrorCode } from "../../server/protocol/errors.ts";
import { RecordingAudit } from "../support/recording-audit.ts";

const ada: Actor = {
	kind: "user",
	userId: userIdOf({ issuer: "test", subject: "ada", displayName: "" }),
	role: "user",
};
const nobody: Actor = { kind: "nobody" };

function limits(): {
	audit: RecordingAudit;
	note(code: ErrorCode, actor?: Actor, address?: string): void;
	wait(): void;
} {
	let now = 0;
	const audit = new RecordingAudit();
	const limitAudit = new LimitAudit(audit, new PerMinute(() => now));
	return {
		audit,
		note: (code, actor = ada, address = "192.0.2.1") => limitAudit.note(new BerthError(code), { actor, address }, "x"),
		wait: () => {
			now += 60_000;
		},
	};
}

test("whoever runs into a limit is written down once a minute, each limit for itself", () => {
	const { audit, note, wait } = limits();
	for (let time = 0; time < 50; time += 1) note("RATE_LIMITED");
	note("TOO_MANY_SESSIONS");
	assert.deepEqual(
		audit.events.map(({ action, actor, address, details, result, subject }) => ({
			...{ action, actor, address, details, result, subject },
		})),
		["RATE_LIMITED", "TOO_MANY_SESSIONS"].map((result) => ({
			...{ action: "limit.hit", actor: `user:${"userId" in ada && ada.userId}`, address: "192.0.2.1" },
			...{ details: { what: "x" }, result, subject: "userId" in ada && ada.userId },
		})),
	);
	wait();
	note("RATE_LIMITED");
	assert.equal(audit.events.length, 3);
});

test("whom nobody knows is told apart by address", () => {
	const { audit, note } = limits();
	for (const address of ["192.0.2.1", "192.0.2.2", "192.0.2.1"]) note("TOO_MANY_CONNECTIONS", nobody, address);
	assert.deepEqual(
		audit.events.map(({ actor, address }) => [actor, address]),
		[
			["nobody", "192.0.2.1"],
			["nobody", "192.0.2.2"],
		],
	);
});

test("what is no limit is not written down here", () => {
	const { audit, note } = limits();
	note("SESSION_NOT_FOUND");
	note("INTERNAL");
	new LimitAudit(audit).note(new Error("surprise"), { actor: ada, address: null }, "x");
	assert.deepEqual(audit.events, []);
});

test("a crowd of addresses neither fills the log nor the memory", () => {
	const { audit, note, wait } = limits();
	for (let host = 0; host < 30_000; host += 1) note("RATE_LIMITED", nobody, `address ${host}`);
	assert.equal(audit.events.length, 10_000);
	wait();
	note("RATE_LIMITED", nobody, "address 29999");
	assert.equal(audit.events.length, 10_001);
});
