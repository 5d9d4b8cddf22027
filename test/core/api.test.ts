/** The API's operations on real stores, without HTTP: who may ask what, and what is changed and written down. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { Api, type Caller, type Handlers } from "../../server/api/api.ts";
import { createServices, type Services } from "../../server/composition/services.ts";
import { readConfig } from "../../server/config.ts";
import { actorOf } from "../../server/core/authentication.ts";
import type { RequestFacts } from "../../server/core/authenticator.ts";
import type { User } from "../../server/core/users.ts";
import { OPERATION_NAMES, OPERATIONS } from "../../server/protocol/api.ts";
import { BerthError, type ErrorCode } from "../../server/protocol/errors.ts";
import { SignInId, UserId } from "../../server/protocol/ids.ts";
import { RecordingAudit } from "../support/recording-audit.ts";

const REQUEST: RequestFacts = { headers: {}, peer: "127.0.0.1", address: "203.0.113.1" };
const TOKEN: Caller = { actor: { kind: "token", name: "deploy" }, presence: null, request: REQUEST };
const NOBODY: Caller = { actor: { kind: "nobody" }, presence: null, request: REQUEST };

type Told = { dropped: string[]; tiered: string[]; disabled: string[] };

function setUp(t: TestContext): { services: Services; told: Told } {
	const folder = mkdtempSync(join(tmpdir(), "berth-api-"));
	const told: Told = { dropped: [], tiered: [], disabled: [] };
	const services = createServices(
		readConfig({ DATA_DIR: folder, SIGN_IN: "password,anonymous", COOKIE_SECRET: "s".repeat(32) }),
		pino({ level: "silent" }),
		{
			publicUrl: () => "https://shell.example.org",
			presentSignIns: () => [],
			onSignInEnded: ({ signInId }, why) => told.dropped.push(`${signInId} ${why}`),
			isTier: (name) => name === "large",
			onTierChanged: (userId) => told.tiered.push(userId),
			onDisabled: (userId) => told.disabled.push(userId),
			onSecretChanged: () => {},
			adoptGuest: async () => "~",
		},
	);
	t.after(() => {
		services[Symbol.dispose]();
		rmSync(folder, { recursive: true });
	});
	return { services, told };
}

function signedIn({ signIns, users }: Services, subject: string, role: User["role"] = "user"): Caller & { user: User } {
	const { userId } = users.remember({ issuer: "school", subject, displayName: subject }, Date.now());
	const user = users.change(userId, { role });
	assert.ok(user);
	const facts = { userId, method: "oidc", address: REQUEST.address, device: "", issuerSession: null } as const;
	const { signInId } = signIns.begin(facts).signIn;
	return { actor: actorOf(user), presence: { user, method: "oidc", signInId }, request: REQUEST, user };
}

const isError = (code: ErrorCode) => (error: unknown) => error instanceof BerthError && error.code === code;

test("every operation has a place of its own, and what stands in the place is in the input", () => {
	const places = OPERATION_NAMES.map((name) => `${OPERATIONS[name].method} ${OPERATIONS[name].path}`);
	assert.equal(new Set(places).size, places.length);
	for (const name of OPERATION_NAMES) {
		const { input, path } = OPERATIONS[name];
		for (const [, key = ""] of path.matchAll(/:(\w+)/g)) assert.ok(Object.hasOwn(input.shape, key), `${name} ${key}`);
	}
});

test("nobody gets past the door but to sign in, whatever they name", async (t) => {
	const { services } = setUp(t);
	const userId = UserId.parse("a".repeat(26));
	const asks = [
		["user.list", {}],
		["user.read", { user: "me" }],
		["user.read", { user: userId }],
		["user.add", { name: "eve", role: "operator" }],
		["user.reset", { user: userId }],
		["user.change", { user: userId, role: "operator" }],
		["password.change", { current: "", password: "a long password" }],
		["sign-in.list", { user: "me" }],
		["sign-in.leave", {}],
		["token.add", { name: "mine" }],
		["token.list", {}],
	] as const;
	for (const [name, input] of asks) {
		await assert.rejects(services.api.call(name, input, NOBODY), isError("UNAUTHENTICATED"), name);
	}
	const { result } = await services.api.call("account.read", {}, NOBODY);
	assert.deepEqual([result.user, result.signInId, result.hasGuestFiles], [null, null, false]);
	assert.deepEqual(
		result.methods.map(({ method }) => method),
		["password", "anonymous"],
	);
});

test("a user acts on themselves and on nobody else, and is not even told who there is", async (t) => {
	const { services } = setUp(t);
	const ada = signedIn(services, "ada");
	const bob = signedIn(services, "bob");
	const { result } = await services.api.call("user.read", { user: "me" }, ada);
	assert.equal(result.user.userId, ada.user.userId);
	await services.api.call("user.read", { user: ada.user.username }, ada);
	for (const user of [bob.user.userId, bob.user.username, "nobody-here", UserId.parse("a".repeat(26))]) {
		for (const [name, input] of [
			["user.read", { user }],
			["sign-in.list", { user }],
			["sign-in.end-others", { user }],
			["sign-in.end", { user, signInId: bob.presence?.signInId }],
			["user.reset", { user }],
			["user.change", { user, isDisabled: true }],
		] as const) {
			await assert.rejects(services.api.call(name, input, ada), isError("FORBIDDEN"), `${name} ${user}`);
		}
	}
	for (const [name, input] of [
		["user.list", {}],
		["user.add", { name: "eve" }],
		["user.register", { issuer: "i", subject: "s", displayName: "d" }],
		["user.change", { user: "me", role: "operator" }],
		["user.reset", { user: "me" }],
		["token.list", {}],
		["token.add", { name: "mine" }],
		["token.revoke", { name: "mine" }],
	] as const) {
		await assert.rejects(services.api.call(name, input, ada), isError("FORBIDDEN"), name);
	}
	assert.equal(services.users.find(bob.user.userId)?.disabledAt, null);
});

test("what is refused is written down: who, where from, what, on whom", async () => {
	const audit = new RecordingAudit();
	const handlers: Partial<Handlers> = {
		"token.list": { action: "token.manage", subject: () => null, run: () => ({ result: { tokens: [] } }) },
	};
	const userId = UserId.parse("a".repeat(26));
	const caller: Caller = { actor: { kind: "user", userId, role: "user" }, presence: null, request: REQUEST };
	await assert.rejects(new Api(handlers, audit).call("token.list", {}, caller), isError("FORBIDDEN"));
	const { address } = REQUEST;
	assert.deepEqual(audit.events, [
		{
			...{ actor: `user:${userId}`, address, action: "api.refused", subject: null, result: "FORBIDDEN" },
			details: { operation: "token.list" },
		},
	]);
});

test("what is switched off is not there, and what is not understood is not done", async (t) => {
	const { services } = setUp(t);
	await assert.rejects(services.api.call("sign-in.jwt", { token: "x" }, NOBODY), isError("NOT_FOUND"));
	for (const [name, input] of [
		["user.add", {}],
		["user.add", { name: "a\nb" }],
		["user.add", { name: "ada", role: "root" }],
		["user.add", { name: "ada", tier: "huge" }],
		["user.add", []],
		["user.add", null],
		["user.read", { user: "../../etc" }],
		["user.read", { user: { toString: 0 } }],
		["user.list", { limit: 501 }],
		["user.list", { limit: 0 }],
		["token.add", { name: "A B" }],
		["invitation.accept", { token: "x", password: "short" }],
		["sign-in.password", { name: "x", password: "y".repeat(1_025) }],
	] as const) {
		await assert.rejects(services.api.call(name, input, TOKEN), isError("BAD_REQUEST"), `${name} ${String(input)}`);
	}
	assert.deepEqual((await services.api.call("user.list", {}, TOKEN)).result.users, []);
});

test("users are listed a page at a time, in the order in which they came, and found by a part of their name", async (t) => {
	const { services } = setUp(t);
	for (let number = 0; number < 5; number += 1) signedIn(services, `Pupil ${number}`);
	const subjects: string[] = [];
	let after: UserId | null = null;
	do {
		const page: Awaited<ReturnType<typeof pageAfter>> = await pageAfter(after);
		subjects.push(...page.users.map(({ subject }) => subject));
		after = page.next;
	} while (after !== null);
	assert.deepEqual(subjects.toSorted(), ["Pupil 0", "Pupil 1", "Pupil 2", "Pupil 3", "Pupil 4"]);
	const { result } = await services.api.call("user.list", { search: "PUPIL 3" }, TOKEN);
	assert.deepEqual(
		result.users.map(({ displayName }) => displayName),
		["Pupil 3"],
	);

	async function pageAfter(from: UserId | null) {
		return (await services.api.call("user.list", { limit: 2, ...(from !== null && { after: from }) }, TOKEN)).result;
	}
});

test("an operator switches others off and on, and gives them tiers that there are", async (t) => {
	const { services, told } = setUp(t);
	const ada = signedIn(services, "ada");
	const operator = signedIn(services, "root", "operator");
	const { userId, username } = ada.user;
	await services.api.call("user.change", { user: username, tier: "large" }, operator);
	await assert.rejects(
		services.api.call("user.change", { user: userId, tier: "no" }, operator),
		isError("BAD_REQUEST"),
	);
	const { result } = await services.api.call("user.change", { user: userId, isDisabled: true }, operator);
	assert.deepEqual([result.user.isDisabled, result.user.tier], [true, "large"]);
	assert.deepEqual(told, { dropped: [`${ada.presence?.signInId} disabled`], tiered: [userId], disabled: [userId] });
	const again = await services.api.call("user.change", { user: userId, isDisabled: false, tier: null }, operator);
	assert.deepEqual([again.result.user.isDisabled, again.result.user.tier], [false, null]);
	await assert.rejects(
		services.api.call("user.change", { user: "me", isDisabled: true }, operator),
		isError("FORBIDDEN"),
		"the last operator must not lock everybody out",
	);
	await assert.rejects(services.api.call("user.change", { user: "not-here" }, operator), isError("USER_NOT_FOUND"));
});

test("the first operator's link is of no use once somebody has become one by another way, and none is made again", async (t) => {
	const { services } = setUp(t);
	const token = services.waysIn.firstOperatorLink()?.split("#").at(-1) ?? "";
	const { result } = await services.api.call("invitation.look", { token }, NOBODY);
	assert.deepEqual(result, { kind: "first-operator", name: null });
	signedIn(services, "root", "operator");
	const accepting = { token, name: "mallory", password: "a long password" };
	await assert.rejects(services.api.call("invitation.look", { token }, NOBODY), isError("LINK_USED"));
	await assert.rejects(services.api.call("invitation.accept", accepting, NOBODY), isError("LINK_USED"));
	assert.equal(services.waysIn.firstOperatorLink(), null);
	assert.deepEqual(services.database.all("SELECT * FROM invitations"), []);
	const { users } = (await services.api.call("user.list", {}, TOKEN)).result;
	assert.equal(users.length, 1, "nothing of whoever tried is left");
});

test("only who signs in by a password of ours has one to reset or to change", async (t) => {
	const { services } = setUp(t);
	const ada = signedIn(services, "ada");
	await assert.rejects(services.api.call("user.reset", { user: ada.user.userId }, TOKEN), isError("BAD_REQUEST"));
	const change = { current: "a long password", password: "a longer password" };
	await assert.rejects(services.api.call("password.change", change, ada), isError("BAD_REQUEST"));
	await assert.rejects(services.api.call("user.reset", { user: "nobody-here" }, TOKEN), isError("USER_NOT_FOUND"));
});

test("a token is nobody's self, and signs nobody in", async (t) => {
	const { services } = setUp(t);
	await assert.rejects(services.api.call("user.read", { user: "me" }, TOKEN), isError("UNAUTHENTICATED"));
	await assert.rejects(services.api.call("sign-in.leave", {}, TOKEN), isError("UNAUTHENTICATED"));
	const signIn = services.api.call("sign-in.password", { name: "a", password: "b" }, TOKEN);
	await assert.rejects(signIn, isError("BAD_REQUEST"));
});

test("one's sign-ins are listed with the one that asks, ended one by one or all the others, and never somebody else's", async (t) => {
	const { services, told } = setUp(t);
	const ada = signedIn(services, "ada");
	const [second, third] = [signedIn(services, "ada"), signedIn(services, "ada")];
	const bob = signedIn(services, "bob");
	const { result } = await services.api.call("sign-in.list", { user: "me" }, ada);
	assert.deepEqual(
		result.signIns.filter(({ isCurrent }) => isCurrent).map(({ signInId }) => signInId),
		[ada.presence?.signInId],
	);
	assert.equal(result.signIns.length, 3);
	for (const signInId of [bob.presence?.signInId, SignInId.parse("a".repeat(22))]) {
		const ending = services.api.call("sign-in.end", { user: "me", signInId }, ada);
		await assert.rejects(ending, isError("SIGN_IN_NOT_FOUND"));
	}
	await services.api.call("sign-in.end", { user: "me", signInId: second.presence?.signInId }, ada);
	assert.equal((await services.api.call("sign-in.end-others", { user: "me" }, ada)).result.ended, 1);
	const left = await services.api.call("sign-in.leave", {}, ada);
	assert.equal(left.isSignedOut, true);
	assert.deepEqual(told.dropped, [
		`${second.presence?.signInId} ended-elsewhere`,
		`${third.presence?.signInId} ended-elsewhere`,
		`${ada.presence?.signInId} signed-out`,
	]);
	assert.equal(services.signIns.listOf(bob.user.userId).length, 1);
});

test("a token is shown once, found by what was shown, listed without it, and useless once it is revoked", async (t) => {
	const { services } = setUp(t);
	const { token } = (await services.api.call("token.add", { name: "ci" }, TOKEN)).result;
	assert.match(token, /^berth_[\w-]{43}$/);
	await assert.rejects(services.api.call("token.add", { name: "ci" }, TOKEN), isError("NAME_TAKEN"));
	assert.equal(services.tokens.find(token)?.name, "ci");
	for (const wrong of ["", "berth_", token.slice(6), `${token}x`]) assert.equal(services.tokens.find(wrong), null);
	const { tokens } = (await services.api.call("token.list", {}, TOKEN)).result;
	assert.deepEqual(
		tokens.map(({ createdBy, name }) => ({ createdBy, name })),
		[{ createdBy: "token:deploy", name: "ci" }],
	);
	const rows = JSON.stringify(services.database.all("SELECT * FROM api_tokens"));
	assert.ok(!JSON.stringify(tokens).includes(token) && !rows.includes(token));
	await services.api.call("token.revoke", { name: "ci" }, TOKEN);
	assert.equal(services.tokens.find(token), null);
	await assert.rejects(services.api.call("token.revoke", { name: "ci" }, TOKEN), isError("NOT_FOUND"));
});
