/** Secrets in Vault: what a server of its kind does, what goes wrong with it, and that nothing secret is told then. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { secretsForShell } from "../../server/core/secrets.ts";
import type { VaultToken } from "../../server/secrets/vault-client.ts";
import { VaultSecrets } from "../../server/secrets/vault-secrets.ts";
import { ADA, BOB, hasCode, testSecretStore, valuesOf } from "../conformance/secret-store.ts";
import { RecordingLog } from "../support/recording-log.ts";
import { type Trouble, VaultServer } from "../support/vault-server.ts";

const VALUE = "a-value-that-is-told-nobody";
const PATH = `berth/${ADA}`;

type Fixture = { vault: VaultServer; log: RecordingLog; open(token?: VaultToken, now?: () => number): VaultSecrets };

async function setUp(t: TestContext): Promise<Fixture> {
	const vault = await VaultServer.start();
	t.after(() => vault[Symbol.asyncDispose]());
	const log = new RecordingLog();
	const { address } = vault;
	const open = (token: VaultToken = { text: vault.token }, now?: () => number): VaultSecrets =>
		new VaultSecrets({ address, token, path: "secret/berth", log, ...(now && { now }) });
	return { vault, log, open };
}

testSecretStore("secrets in Vault", async () => {
	const vault = await VaultServer.start();
	const open = (): VaultSecrets => {
		const token = { text: vault.token };
		return new VaultSecrets({ address: vault.address, token, path: "secret/berth", log: new RecordingLog() });
	};
	return { store: open(), again: open(), [Symbol.asyncDispose]: () => vault[Symbol.asyncDispose]() };
});

test("what others write into the document counts, and what no shell could have of it is left out and told", async (t) => {
	const { open, vault } = await setUp(t);
	vault.put(PATH, {
		KEY: VALUE,
		LD_PRELOAD: "/tmp/x.so",
		"not a name\n": "x",
		nested: { a: 1 },
		LONG: "x".repeat(20_000),
	});
	const store = open();
	const { environment, problems } = await secretsForShell(store, ADA);
	assert.deepEqual(environment, { KEY: VALUE });
	assert.deepEqual(
		problems.map(({ detail }) => detail?.split(":", 1)[0]),
		["LD_PRELOAD", "not?a?name?", "LONG"],
	);
	await store.remove(ADA, "LD_PRELOAD");
	assert.equal(Object.hasOwn(vault.dataOf(PATH) ?? {}, "LD_PRELOAD"), false);
});

test("what is no text in the document stays in it when a secret is set", async (t) => {
	const { open, vault } = await setUp(t);
	vault.put(PATH, { note: { by: "somebody" } });
	await open().set(ADA, { name: "KEY", value: VALUE });
	assert.deepEqual(vault.dataOf(PATH), { note: { by: "somebody" }, KEY: VALUE });
});

test("a document that was deleted is empty, and is written to again", async (t) => {
	const { open, vault } = await setUp(t);
	const store = open();
	await store.set(ADA, { name: "KEY", value: VALUE });
	vault.deleteLatest(PATH);
	assert.deepEqual(await valuesOf(store, ADA), {});
	await store.set(ADA, { name: "KEY", value: "again" });
	assert.deepEqual(await valuesOf(store, ADA), { KEY: "again" });
});

test("that a user has none is remembered for ten seconds, unless some are set here", async (t) => {
	const { open, vault } = await setUp(t);
	let now = 0;
	const store = open({ text: vault.token }, () => now);
	for (let count = 0; count < 5; count++) assert.deepEqual(await valuesOf(store, ADA), {});
	assert.equal(vault.asked.length, 1);
	vault.put(PATH, { KEY: VALUE });
	assert.deepEqual(await valuesOf(store, ADA), {});
	now = 10_001;
	assert.deepEqual(await valuesOf(store, ADA), { KEY: VALUE });
	assert.deepEqual(await valuesOf(store, BOB), {});
	await store.set(BOB, { name: "KEY", value: "bob's" });
	assert.deepEqual(await valuesOf(store, BOB), { KEY: "bob's" });
});

test("a token in a file is read again where Vault refuses the one before, and only there", async (t) => {
	const { open, vault } = await setUp(t);
	const folder = mkdtempSync(join(tmpdir(), "berth-vault-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const file = join(folder, "token");
	writeFileSync(file, `${vault.token}\n`);
	const store = open({ file });
	await store.set(ADA, { name: "KEY", value: VALUE });
	vault.token = "hvs.second-token";
	await assert.rejects(store.reveal(ADA), hasCode("SECRETS_UNAVAILABLE"));
	writeFileSync(file, vault.token);
	assert.deepEqual(await store.list(ADA).then((all) => all.length), 1);
	assert.deepEqual(await valuesOf(store, ADA), { KEY: VALUE });
	assert.deepEqual(
		vault.asked.slice(-3).map(({ token }) => token),
		["hvs.first-token", "hvs.second-token", "hvs.second-token"],
	);
});

const TROUBLES: Trouble[] = [
	...[401, 403, 404, 405, 429, 472, 500, 502, 503].map((status) => ({ kind: "status" as const, status })),
	{ kind: "silence" },
	{ kind: "flood" },
	{ kind: "text", text: `{"data":{"data":{"KEY":"${VALUE}"` },
	{ kind: "text", text: `{"data":{"data":{"KEY":"${VALUE}"},"metadata":{"version":"one"}}}` },
	{ kind: "text", text: "null" },
];

test("whatever goes wrong, it is told that the store does not answer, and neither token nor value", async (t) => {
	const { log, open, vault } = await setUp(t);
	for (const trouble of TROUBLES) {
		const what = JSON.stringify(trouble);
		const store = open();
		vault.trouble = trouble;
		for (const attempt of [
			() => store.list(ADA),
			() => store.set(ADA, { name: "KEY", value: VALUE }),
			() => store.remove(ADA, "KEY"),
		]) {
			await assert.rejects(attempt(), hasCode("SECRETS_UNAVAILABLE"), what);
		}
		const { environment, problems } = await secretsForShell(store, ADA);
		assert.deepEqual([environment, problems.map(({ code }) => code)], [{}, ["SECRETS_UNAVAILABLE"]], what);
		vault.trouble = null;
	}
	const logged = log.lines.map(({ fields }) => JSON.stringify(fields) + String(fields.err) + Object(fields.err).stack);
	assert.ok(logged.length >= TROUBLES.length);
	assert.doesNotMatch(logged.join("\n"), new RegExp(`${VALUE}|${vault.token}`));
});

test("a shell does not wait for a store that has just failed, and gets its secrets soon after it is back", async (t) => {
	const { open, vault } = await setUp(t);
	let now = 0;
	const store = open({ text: vault.token }, () => now);
	await store.set(ADA, { name: "KEY", value: VALUE });
	vault.trouble = { kind: "status", status: 503 };
	await assert.rejects(store.reveal(ADA), hasCode("SECRETS_UNAVAILABLE"));
	const { length } = vault.asked;
	await assert.rejects(store.reveal(ADA), hasCode("SECRETS_UNAVAILABLE"));
	assert.equal(vault.asked.length, length);
	vault.trouble = null;
	now = 5_001;
	assert.deepEqual(await valuesOf(store, ADA), { KEY: VALUE });
});

test("the token follows no redirect, and one that is none is not sent at all", async (t) => {
	const { log, open, vault } = await setUp(t);
	const elsewhere = await VaultServer.start();
	t.after(() => elsewhere[Symbol.asyncDispose]());
	vault.trouble = { kind: "redirect", to: `${elsewhere.address}/v1/secret/data/${PATH}` };
	await assert.rejects(open().list(ADA), hasCode("SECRETS_UNAVAILABLE"));
	assert.deepEqual(elsewhere.asked, []);
	vault.trouble = null;
	const { length } = vault.asked;
	for (const text of ["", "two\nlines-of-secret", "ünlesbar-secret", "x".repeat(20_000)]) {
		await assert.rejects(open({ text }).list(ADA), hasCode("SECRETS_UNAVAILABLE"));
	}
	await assert.rejects(open({ file: "/nowhere/token" }).list(ADA), hasCode("SECRETS_UNAVAILABLE"));
	assert.equal(vault.asked.length, length);
	assert.doesNotMatch(JSON.stringify(log.lines.map(({ fields }) => String(fields.err))), /of-secret|lesbar/);
});

test("nobody there is told as such", async (t) => {
	const { log, open, vault } = await setUp(t);
	const store = open();
	await vault[Symbol.asyncDispose]().then(() => t.mock.method(vault, Symbol.asyncDispose, async () => {}));
	await assert.rejects(store.list(ADA), hasCode("SECRETS_UNAVAILABLE"));
	assert.match(String(log.lines[0]?.fields.err), /ECONNREFUSED/);
});
