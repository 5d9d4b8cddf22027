import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePrefix } from "../../server/address-prefix.ts";
import { CLOSED_IPV4, isPublic } from "../../server/drivers/docker/closed-addresses.ts";
import { type EgressSettings, egressRules } from "../../server/drivers/docker/egress-rules.ts";

const INTERNET: EgressSettings = {
	policy: "internet",
	allowed: [],
	denied: [],
	connectionsPerSecond: 50,
	bytesPerSecond: 10 * 1024 * 1024,
};

function rulesOf(changes: Partial<EgressSettings>, surroundings: string[] = []): string {
	const rules = egressRules({ ...INTERNET, ...changes }, surroundings);
	assert.ok(rules !== null);
	return rules;
}

test("the same settings and surroundings give the same text, and others another", () => {
	assert.equal(rulesOf({}), rulesOf({}));
	const others: Partial<EgressSettings>[] = [
		{ policy: "none" },
		{ policy: "open" },
		{ allowed: ["10.0.0.1"] },
		{ denied: ["9.9.9.9"] },
		{ connectionsPerSecond: 51 },
		{ connectionsPerSecond: null },
		{ bytesPerSecond: null },
	];
	const texts = [rulesOf({}), rulesOf({}, ["45.0.0.1/24"]), ...others.map((changes) => rulesOf(changes))];
	assert.equal(new Set(texts).size, texts.length);
});

test("where nothing is bounded there are no rules", () => {
	assert.equal(
		egressRules({ ...INTERNET, policy: "open", connectionsPerSecond: null, bytesPerSecond: null }, []),
		null,
	);
});

test("only the table of Berth's own is replaced: Docker keeps its resolver's rules beside it", () => {
	const rules = rulesOf({});
	assert.match(rules, /^table inet berth \{\}\ndelete table inet berth\n/);
	assert.doesNotMatch(rules, /flush/);
});

test("addresses go to the set of their family, and what is no address goes nowhere", () => {
	const rules = rulesOf({ allowed: ["10.1.2.3", "2001:db8::/48"] }, ["45.0.0.1/24", "drop table"]);
	assert.match(rules, /set allowed4 \{.*elements = \{ 10\.1\.2\.3\/32 \}/);
	assert.match(rules, /set allowed6 \{.*elements = \{ 2001:db8::\/48 \}/);
	assert.match(rules, /set closed4 \{.*45\.0\.0\.1\/24/);
	assert.doesNotMatch(rules, /drop table/);
});

test("a burst is never smaller than what the kernel sends at once", () => {
	assert.match(rulesOf({ bytesPerSecond: 64 * 1024 }), /limit rate over 65536 bytes\/second burst 1048576 bytes/);
	assert.match(rulesOf({ bytesPerSecond: 2 ** 31 }), /burst 67108864 bytes/);
});

test("what is public is told from what is not, at both ends of each range", () => {
	const first = CLOSED_IPV4.map((prefix) => prefix.split("/")[0] ?? "");
	const notPublic = [
		"::1",
		"fe80::1",
		"fd00::1",
		"::ffff:8.8.8.8",
		"64:ff9b::a00:1",
		"2002:a00:1::",
		"2001::1",
		"x",
		"",
	];
	for (const address of [...first, "172.31.255.255", "255.255.255.255", ...notPublic]) {
		assert.ok(!isPublic(address), address);
	}
	for (const address of ["8.8.8.8", "172.32.0.0", "223.255.255.255", "2a00::1", "2606:4700::1111"]) {
		assert.ok(isPublic(address), address);
	}
});

test("prefixes are parsed strictly", () => {
	assert.deepEqual(parsePrefix("10.0.0.0/8"), { address: "10.0.0.0", family: 4, length: 8 });
	assert.deepEqual(parsePrefix("2001:db8::1"), { address: "2001:db8::1", family: 6, length: 128 });
	for (const text of [
		"",
		"/",
		"/0",
		"10.0.0.0/33",
		"10.0.0/8",
		"::/129",
		"fe80::1%eth0",
		"10.0.0.1 ",
		"10.0.0.1/8/8",
		"10.0.0.1/x",
	]) {
		assert.equal(parsePrefix(text), null, text);
	}
});
