/** Secrets from the API to the shell, through a real gateway and agent in local mode. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { visitorOf } from "../../server/core/identity.ts";
import type { SecretChange } from "../../server/protocol/terminal.ts";
import { ApiCaller, signIn, WITH_MEMBERS } from "../support/api-caller.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { VaultServer } from "../support/vault-server.ts";

const SIZE = { cols: 80, rows: 24 };
let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start(WITH_MEMBERS);
});
after(async () => {
	await gateway[Symbol.asyncDispose]();
});

test("a secret is in the user's new shells, not in those that run, and pages are told", async () => {
	const { cookie } = signIn(gateway, "ada");
	const api = ApiCaller.asBrowser(gateway, cookie);
	using page = await PageClient.connect(gateway.base, cookie);
	await page.untilReady();
	const changes: SecretChange[] = [];
	page.socket.on("secrets:changed", (change) => changes.push(change));
	const before = await page.open();
	const value = 'it\'s "odd" $HOME `id` \\ ✓\nwith a line';
	assert.equal((await api.call("secret.set", { user: "me", name: "GEMINI_API_KEY", value })).code, null);
	const later = await page.open();
	assert.equal(
		await page.run(later, 'printf %s "$GEMINI_API_KEY" | base64 -w 0'),
		Buffer.from(value).toString("base64"),
	);
	assert.equal(await page.run(before, "env | grep -c GEMINI || true"), "0");
	await api.call("secret.remove", { user: "me", name: "GEMINI_API_KEY" });
	const last = await page.open();
	assert.equal(await page.run(last, "env | grep -c GEMINI || true"), "0");
	assert.deepEqual(changes, [
		{ kind: "set", name: "GEMINI_API_KEY" },
		{ kind: "removed", name: "GEMINI_API_KEY" },
	]);
});

test("what the API tells of secrets is who set which when, and never a value", async () => {
	const { cookie, user } = signIn(gateway, "bob");
	const api = ApiCaller.asBrowser(gateway, cookie);
	const value = "nobody-is-told-this";
	const replies = [
		await api.call("secret.set", { user: "me", name: "TOKEN_OF_BOB", value }),
		await api.call("secret.set", { user: "me", name: "TOKEN_OF_BOB", value: `${value}!` }),
		await api.call("secret.list", { user: "me" }),
		await api.send("PUT", "/users/me/secrets/TOKEN_OF_BOB", `{"value":"${value}`),
		await api.send("PUT", "/users/me/secrets/BAD-NAME", JSON.stringify({ value })),
		await api.send("PUT", "/users/me/secrets/PATH", JSON.stringify({ value })),
		await api.send("PUT", "/users/me/secrets/LONG", JSON.stringify({ value: value.repeat(2_000) })),
		await api.send("PUT", "/users/me/secrets/NESTED", JSON.stringify({ value: { value } })),
		await api.send("GET", "/users/me/secrets/TOKEN_OF_BOB"),
		await api.call("account.read", {}),
		await api.call("user.read", { user: "me" }),
	];
	assert.deepEqual(
		replies.map(({ code }) => code),
		[null, null, null, ...Array(5).fill("BAD_REQUEST"), "NOT_FOUND", null, null],
	);
	const [secret] = replies[2]?.result && "secrets" in replies[2].result ? replies[2].result.secrets : [];
	assert.deepEqual([secret?.name, secret?.changedBy], ["TOKEN_OF_BOB", `user:${user.userId}`]);
	assert.match(replies[5]?.error.message ?? "", /name: is a name that shells or common programs go by/);
	assert.equal(
		replies
			.map(({ text }) => text)
			.join()
			.includes(value),
		false,
	);
	assert.equal(gateway.log.includes(value), false);
});

test("nobody but operators sets or lists another's, and a platform gives them before somebody comes", async () => {
	const mallory = ApiCaller.asBrowser(gateway, signIn(gateway, "mallory").cookie);
	const guest = ApiCaller.asBrowser(gateway, await PageClient.newCookie(gateway.base));
	const { user } = signIn(gateway, "bob");
	for (const api of [mallory, guest]) {
		for (const reply of [
			await api.call("secret.set", { user: user.userId, name: "X", value: "x" }),
			await api.call("secret.list", { user: user.username }),
			await api.call("secret.remove", { user: user.userId, name: "X" }),
			await api.call("secrets.rotate", {}),
		]) {
			assert.equal(reply.code, "FORBIDDEN");
		}
	}
	const platform = ApiCaller.asProgram(gateway);
	const { userId } = visitorOf({ issuer: "test", subject: "newcomer", displayName: "newcomer" });
	await platform.call("secret.set", { user: userId, name: "FROM_PLATFORM", value: "given before" });
	using page = await PageClient.connect(gateway.base, signIn(gateway, "newcomer").cookie);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "echo $FROM_PLATFORM"), "given before");
	const { code, result } = await platform.call("secrets.rotate", {});
	assert.equal(code, null);
	assert.match(result.keyId, /^[0-9a-f]{16}$/);
	assert.equal(await page.run(await page.open(), "echo $FROM_PLATFORM"), "given before");
});

test("where a secret's key is gone, shells open without it and say which; a file that others can read is refused", async () => {
	const { cookie } = signIn(gateway, "carol");
	const api = ApiCaller.asBrowser(gateway, cookie);
	const program = ApiCaller.asProgram(gateway, "rotation");
	await api.call("secret.set", { user: "me", name: "OLD", value: "v" });
	const { keyId } = (await program.call("secrets.rotate", {})).result;
	await gateway.stop();
	await gateway.start({ SECRETS_KEY: randomBytes(32).toString("base64") });
	await api.call("secret.set", { user: "me", name: "NEW", value: "v" });
	using page = await PageClient.connect(gateway.base, cookie);
	await page.untilReady();
	const { secretProblems } = await page.ask("session:open", { pageId: page.pageId, name: "x", size: SIZE });
	assert.deepEqual(
		secretProblems.map(({ code }) => code),
		["SECRET_UNREADABLE"],
	);
	assert.match(secretProblems[0]?.message ?? "", new RegExp(`OLD: the key ${keyId} is gone`));
	assert.equal(await page.run(await page.open(), "echo $OLD$NEW"), "v");
	using other = await PageClient.connect(gateway.base);
	await other.untilReady();
	const fine = await other.ask("session:open", { pageId: other.pageId, name: "x", size: SIZE });
	assert.deepEqual(fine.secretProblems, []);
	await gateway.stop();
	chmodSync(join(gateway.dataDir, "secrets-key"), 0o644);
	await assert.rejects(gateway.start({ SECRETS_KEY: "" }), /SECRETS_KEY_FILE: .* can be read by others \(mode 644\)/);
	chmodSync(join(gateway.dataDir, "secrets-key"), 0o600);
	await gateway.start();
});

test("with Vault, shells get what it holds, open without where it does not answer, and neither is written here", async () => {
	await using vault = await VaultServer.start();
	await using own = await GatewayProcess.start({
		...WITH_MEMBERS,
		VAULT_ADDR: vault.address,
		VAULT_TOKEN: vault.token,
	});
	const { cookie, user } = signIn(own, "ada");
	const api = ApiCaller.asBrowser(own, cookie);
	const value = "a-value-in-vault";
	await api.call("secret.set", { user: "me", name: "KEY", value });
	assert.deepEqual(vault.dataOf(`berth/${user.userId}`), { KEY: value });
	using page = await PageClient.connect(own.base, cookie);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "echo $KEY"), value);
	vault.trouble = { kind: "status", status: 503 };
	const opened = await page.ask("session:open", { pageId: page.pageId, name: "x", size: SIZE });
	assert.deepEqual(
		opened.secretProblems.map(({ code }) => code),
		["SECRETS_UNAVAILABLE"],
	);
	assert.equal((await api.call("secret.list", { user: "me" })).code, "SECRETS_UNAVAILABLE");
	assert.equal(own.log.includes(value) || own.log.includes(vault.token), false);
});
