import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { clientAddresses } from "../../server/limits/client-address.ts";

/** A request as far as its address goes. */
function from(remoteAddress: string, forwarded?: string): IncomingMessage {
	const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
	return { socket: { remoteAddress }, connection: { remoteAddress }, headers } as unknown as IncomingMessage;
}

test("the nearest address that is no proxy of ours counts; what stands before it was only claimed", () => {
	const { of } = clientAddresses(["10.0.0.7", "10.1.0.0/16"]);
	assert.equal(of(from("198.51.100.1")), "198.51.100.1");
	assert.equal(of(from("198.51.100.1", "203.0.113.9")), "198.51.100.1", "nobody's word is taken");
	assert.equal(of(from("10.0.0.7", "203.0.113.9")), "203.0.113.9");
	assert.equal(of(from("10.0.0.7", "1.2.3.4, 203.0.113.9")), "203.0.113.9", "a proxy that appends");
	assert.equal(of(from("10.0.0.7", "1.2.3.4, 203.0.113.9, 10.1.2.3")), "203.0.113.9", "two proxies");
	assert.equal(of(from("::ffff:10.0.0.7", "203.0.113.9")), "203.0.113.9");
	assert.equal(of(from("10.0.0.7")), "10.0.0.7");
	assert.equal(clientAddresses([]).of(from("127.0.0.1", "203.0.113.9")), "127.0.0.1");
});

test("one address is counted as one, however it is written, and an IPv6 network as one address", () => {
	const { countedAs } = clientAddresses([]);
	for (const same of ["192.0.2.7", "192.0.2.7:49152", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]:443"]) {
		assert.equal(countedAs(same), "192.0.2.7", same);
	}
	for (const same of ["2001:db8:1:2::7", "2001:DB8:1:2:a:b:c:d", "[2001:db8:1:2::9]:443", "2001:db8:01:0002::1%eth0"]) {
		assert.equal(countedAs(same), "2001:db8:1:2::/64", same);
	}
	assert.notEqual(countedAs("2001:db8:1:3::7"), countedAs("2001:db8:1:2::7"));
});
