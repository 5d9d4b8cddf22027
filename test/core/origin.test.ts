import assert from "node:assert/strict";
import { test } from "node:test";
import { mayTalk } from "../../server/core/origin.ts";

const open = { ownOrigin: null, allowedOrigins: ["https://portal.example"], isSecure: false, isLoopbackOnly: false };
const local = { ...open, allowedOrigins: [], isLoopbackOnly: true };

test("the gateway's own origin and listed ones may talk, others may not", () => {
	assert.ok(mayTalk({ origin: "https://shell.example", host: "shell.example" }, open));
	assert.ok(mayTalk({ origin: "http://127.0.0.1:3000", host: "127.0.0.1:3000" }, open));
	assert.ok(mayTalk({ origin: "https://portal.example", host: "shell.example" }, open));
	assert.ok(!mayTalk({ origin: "https://evil.example", host: "shell.example" }, open));
	assert.ok(!mayTalk({ origin: "http://shell.example:8080", host: "shell.example" }, open));
});

test("an opaque or broken origin may not talk", () => {
	for (const origin of ["null", "", "shell.example", "https://"]) {
		assert.ok(!mayTalk({ origin, host: "shell.example" }, open), JSON.stringify(origin));
	}
});

test("in local mode a name that was pointed at loopback does not get in", () => {
	assert.ok(mayTalk({ origin: "http://localhost:3000", host: "localhost:3000" }, local));
	assert.ok(mayTalk({ host: "[::1]:3000" }, local));
	assert.ok(!mayTalk({ origin: "http://evil.example:3000", host: "evil.example:3000" }, local));
	assert.ok(!mayTalk({ host: "localhost.evil.example" }, local));
	assert.ok(!mayTalk({}, local));
});

test("where people come by HTTPS, a page of the same name without TLS is another's", () => {
	const secure = { ...open, isSecure: true };
	assert.ok(mayTalk({ origin: "https://shell.example", host: "shell.example" }, secure));
	assert.ok(!mayTalk({ origin: "http://shell.example", host: "shell.example" }, secure));
});

test("where the gateway's own origin is known, nothing in `Host` makes another one its own", () => {
	const known = { ...open, ownOrigin: "https://shell.example" };
	assert.ok(mayTalk({ origin: "https://shell.example", host: "10.0.0.7:3000" }, known), "a proxy may change Host");
	assert.ok(mayTalk({ origin: "https://portal.example", host: "10.0.0.7:3000" }, known));
	assert.ok(!mayTalk({ origin: "https://evil.example", host: "evil.example" }, known));
	assert.ok(!mayTalk({ origin: "http://shell.example", host: "shell.example" }, known));
	assert.ok(!mayTalk({ origin: "https://shell.example:8443", host: "shell.example:8443" }, known));
});
