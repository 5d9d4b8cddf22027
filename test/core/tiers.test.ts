import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { visitorOf } from "../../server/core/identity.ts";
import { Tiers } from "../../server/core/tiers.ts";
import { readTiers } from "../../server/tiers-file.ts";
import { DEFAULT_LIMITS } from "../agent/link-client.ts";

const guest = visitorOf({ issuer: "anonymous", subject: "1", displayName: "Guest" });
const ada = visitorOf({ issuer: "https://id.example.org", subject: "ada", displayName: "Ada" });
const bob = visitorOf({ issuer: "https://id.example.org", subject: "bob", displayName: "Bob" });

function write(t: TestContext, content: unknown): string {
	const folder = mkdtempSync(join(tmpdir(), "berth-tiers-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const path = join(folder, "tiers.json");
	writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
	return path;
}

test("without a file everybody has what the settings say", () => {
	const tiers = new Tiers(readTiers(null, DEFAULT_LIMITS), () => null);
	assert.equal(tiers.nameOf(guest), "standard");
	assert.deepEqual(tiers.limitsOf(ada), DEFAULT_LIMITS);
});

test("the first rule that matches gives the tier, by issuer, username or user id", (t) => {
	const path = write(t, {
		tiers: { custom: { memory: "300m", disk: "5g", idleTimeout: "2h" } },
		rules: [
			{ users: [ada.username, "somebody-else"], tier: "custom" },
			{ users: [bob.userId], tier: "premium" },
			{ issuer: "anonymous", tier: "basic" },
		],
	});
	const tiers = new Tiers(readTiers(path, DEFAULT_LIMITS), () => null);
	assert.deepEqual(
		[guest, ada, bob].map((each) => tiers.nameOf(each)),
		["basic", "custom", "premium"],
	);
	assert.deepEqual(tiers.limitsOf(ada), {
		...DEFAULT_LIMITS,
		memoryBytes: 300 * 1024 ** 2,
		diskBytes: 5 * 1024 ** 3,
		sessionIdleMs: 2 * 3_600_000,
	});
	assert.equal(tiers.limitsOf(bob).memoryBytes, 2 * DEFAULT_LIMITS.memoryBytes);
	assert.equal(tiers.limitsOf(guest).sessions, DEFAULT_LIMITS.sessions / 2);
});

test("another plan is used from then on", (t) => {
	const tiers = new Tiers(readTiers(null, DEFAULT_LIMITS), () => null);
	tiers.replace(readTiers(write(t, { default: "premium" }), DEFAULT_LIMITS));
	assert.equal(tiers.nameOf(guest), "premium");
});

for (const [what, content, message] of [
	["is no JSON", "{", /tiers\.json: /],
	["knows no such key", { tiers: { basic: { cpu: 1 } } }, /tiers\.basic: .*cpu/],
	[
		"has a size that is none",
		{ tiers: { basic: { memory: "much" } } },
		/tiers\.basic\.memory: must be a size such as 512m/,
	],
	["names a tier that there is not", { rules: [{ tier: "gold" }] }, /there is no tier "gold"/],
] as const) {
	test(`a file that ${what} is refused, and it is said where`, (t) => {
		const path = write(t, content);
		assert.throws(() => readTiers(path, DEFAULT_LIMITS), { name: "ConfigError", message });
	});
}
