import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSetCookie } from "cookie";
import { KnownDevices } from "../../server/authenticators/known-devices.ts";
import type { RequestFacts } from "../../server/core/authenticator.ts";

const devices = new KnownDevices({ secret: "a".repeat(32), isSecure: false });

const requestWith = (cookie: string): RequestFacts => ({ headers: { cookie }, peer: "", address: "" });
const NOBODY = requestWith("");
const cookieIn = (setCookie: string): string => setCookie.split(";", 1)[0] ?? "";

test("a browser is known for the accounts that were signed in to with it, and for no other", () => {
	const first = requestWith(cookieIn(devices.remember(NOBODY, "ada")));
	const both = requestWith(cookieIn(devices.remember(first, "bob")));
	assert.equal(devices.idOf(NOBODY, "ada"), null);
	assert.match(devices.idOf(first, "ada") ?? "", /^[\w-]{22}$/);
	assert.equal(devices.idOf(first, "bob"), null);
	assert.equal(devices.idOf(both, "ada"), devices.idOf(first, "ada"));
	assert.notEqual(devices.idOf(both, "bob"), devices.idOf(both, "ada"));
	assert.equal(devices.idOf(both, "eve"), null);
});

test("a mark that was altered, made up, or signed by another gateway is none", () => {
	const cookie = cookieIn(devices.remember(NOBODY, "ada"));
	const other = new KnownDevices({ secret: "b".repeat(32), isSecure: false });
	assert.equal(other.idOf(requestWith(cookie), "ada"), null);
	for (let index = cookie.indexOf("=") + 1; index < cookie.length; index += 1) {
		const changed = cookie[index] === "A" ? "B" : "A";
		const altered = `${cookie.slice(0, index)}${changed}${cookie.slice(index + 1)}`;
		// The last digit of base64url has two bits that say nothing; text is compared, not what it decodes to.
		assert.equal(devices.idOf(requestWith(altered), "ada"), null, altered);
	}
	for (const value of ["", ".", "A".repeat(65), `${"A".repeat(65)}.`.repeat(9), "é".repeat(65), "A".repeat(10_000)]) {
		assert.equal(devices.idOf(requestWith(`berth_device=${encodeURIComponent(value)}`), "ada"), null);
	}
});

test("of many accounts at one computer the one that was used least recently is forgotten", () => {
	let request = NOBODY;
	for (let number = 0; number < 9; number += 1) {
		request = requestWith(cookieIn(devices.remember(request, `pupil ${number}`)));
	}
	assert.equal(devices.idOf(request, "pupil 0"), null);
	for (let number = 1; number < 9; number += 1) assert.notEqual(devices.idOf(request, `pupil ${number}`), null);
	assert.ok((request.headers.cookie?.length ?? 0) < 600, "a header has room for it");
});

test("the cookie says nobody's name, is out of scripts' reach, and by HTTPS nobody but this host can set it", () => {
	const plain = parseSetCookie(devices.remember(NOBODY, "ada"));
	assert.equal(plain.httpOnly && plain.sameSite === "lax" && plain.path === "/", true);
	assert.doesNotMatch(plain.value ?? "", /ada/);
	const secure = parseSetCookie(new KnownDevices({ secret: "a", isSecure: true }).remember(NOBODY, "ada"));
	assert.deepEqual([secure.name, secure.secure], ["__Host-berth_device", true]);
});
