/** Name and password from the first operator's link to the last sign-in that ends, on a real gateway in local mode. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, PASSWORD, printedLink, tokenOf } from "../support/members.ts";
import { PageClient } from "../support/page-client.ts";
import { signedOut } from "../support/signed-out.ts";

let gateway: GatewayProcess;
let operator: ApiClient;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password" });
	operator = await firstOperator(gateway);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

const newBrowser = (headers: Record<string, string> = {}): ApiClient => new ApiClient(gateway.base, headers);

async function whoIs(browser: ApiClient): Promise<string | null> {
	return (await browser.ask("account.read", {})).user?.displayName ?? null;
}

test("the first operator's link is printed at each start until there is one, and each ends the one before", async (t) => {
	const fresh = await GatewayProcess.start({ SIGN_IN: "password,anonymous" });
	t.after(() => fresh[Symbol.asyncDispose]());
	const first = printedLink(fresh) ?? "";
	assert.ok(first.startsWith(`${fresh.base}/invitation#`));
	await fresh.stop();
	await fresh.start();
	const second = printedLink(fresh);
	assert.ok(second !== null && second !== first);
	const browser = new ApiClient(fresh.base);
	assert.equal(await browser.refusal("invitation.look", { token: tokenOf(first) }), "LINK_USED");
	const looked = await browser.ask("invitation.look", { token: tokenOf(second) });
	assert.deepEqual(looked, { kind: "first-operator", name: null });
	const accepting = { token: tokenOf(second), password: PASSWORD };
	assert.equal(await browser.refusal("invitation.accept", accepting), "BAD_REQUEST", "they choose a name");
	await browser.ask("invitation.accept", { ...accepting, name: "Grace" });
	const { method, user } = await browser.ask("account.read", {});
	assert.deepEqual([method, user?.role, user?.displayName], ["password", "operator", "Grace"]);
	assert.equal(await browser.refusal("invitation.look", { token: tokenOf(second) }), "LINK_USED");
	const printed = fresh.log.length;
	await fresh.stop();
	await fresh.start();
	assert.doesNotMatch(fresh.log.slice(printed), /invitation#/);
	assert.equal(await whoIs(browser), "Grace", "sign-ins outlive the gateway");
});

test("a first operator's link is of no use once there is an operator by another way", async (t) => {
	const fresh = await GatewayProcess.start({ SIGN_IN: "password" });
	t.after(() => fresh[Symbol.asyncDispose]());
	const [one, other] = [new ApiClient(fresh.base), new ApiClient(fresh.base)];
	const token = tokenOf(printedLink(fresh) ?? "");
	const accepting = { token, password: PASSWORD };
	const replies = await Promise.all([
		one.call("invitation.accept", { ...accepting, name: "one" }),
		other.call("invitation.accept", { ...accepting, name: "other" }),
	]);
	assert.deepEqual(replies.map(({ status }) => status).toSorted(), [200, 410]);
	const winner = replies[0].ok ? one : other;
	assert.equal((await winner.ask("user.list", {})).users.length, 1);
});

test("links begin where people reach the gateway", async (t) => {
	const PUBLIC_URL = "http://shell.example.org/berth";
	const fresh = await GatewayProcess.start({ SIGN_IN: "password", PUBLIC_URL, BASE_PATH: "/berth" });
	t.after(() => fresh[Symbol.asyncDispose]());
	assert.ok(printedLink(fresh)?.startsWith(`${PUBLIC_URL}/invitation#`));
});

test("somebody who is invited sets a password, is signed in by it, and signs in with it from then on", async () => {
	const { invitation, user } = await operator.ask("user.add", { name: "Ada Lovelace" });
	assert.deepEqual([user.issuer, user.role, user.signedInAt], ["password", "user", null]);
	const browser = newBrowser();
	const token = tokenOf(invitation.url);
	assert.deepEqual(await browser.ask("invitation.look", { token }), { kind: "invitation", name: "Ada Lovelace" });
	assert.equal(await browser.refusal("invitation.accept", { token, password: "short" }), "BAD_REQUEST");
	const asBob = { token, name: "bob", password: PASSWORD };
	assert.equal(await browser.refusal("invitation.accept", asBob), "BAD_REQUEST");
	await browser.ask("invitation.accept", { token, password: PASSWORD });
	assert.equal(await whoIs(browser), "Ada Lovelace");
	using page = await PageClient.connect(gateway.base, browser.cookie);
	assert.equal(page.welcome?.user.username, user.username);
	assert.match(user.username, /^ada-lovelace-/);

	const other = newBrowser();
	await other.ask("sign-in.password", { name: "ＡＤＡ lovelace", password: PASSWORD });
	assert.equal((await other.ask("account.read", {})).user?.userId, user.userId);
	await other.ask("sign-in.leave", {});
	assert.equal(await whoIs(other), null);
	assert.equal(await whoIs(browser), "Ada Lovelace");
});

test("a name is taken in whichever spelling, for invitations as for the first operator", async () => {
	await addMember(operator, "taken");
	for (const name of ["taken", "TAKEN", "ｔaken"])
		assert.equal(await operator.refusal("user.add", { name }), "NAME_TAKEN");
	assert.equal(await operator.refusal("user.add", { name: "new one", tier: "no such" }), "BAD_REQUEST");
});

test("a wrong password, a wrong name and one without a password are told the same", async () => {
	await addMember(operator, "known");
	await operator.ask("user.add", { name: "invited only" });
	const answers = await Promise.all(
		["known", "unknown", "invited only", "root of all", ""].map((name) =>
			newBrowser().call("sign-in.password", { name, password: "a wrong password" }),
		),
	);
	for (const answer of answers) assert.deepEqual(answer, answers[0]);
	assert.equal(answers[0]?.status, 401);
	assert.ok(answers[0] && !answers[0].ok && answers[0].error.code === "WRONG_CREDENTIALS");
});

test("a reset ends sign-ins and pages at once, makes the password useless, and its link sets a new one", async () => {
	const { browser, name, user } = await addMember(operator, "forgetful");
	using page = await PageClient.connect(gateway.base, browser.cookie);
	const gone = signedOut(page);
	const { invitation } = await operator.ask("user.reset", { user: user.username });
	assert.equal(await gone, "ended-elsewhere");
	assert.equal(await whoIs(browser), null);
	assert.equal(await browser.refusal("sign-in.password", { name, password: PASSWORD }), "WRONG_CREDENTIALS");
	const token = tokenOf(invitation.url);
	assert.deepEqual(await browser.ask("invitation.look", { token }), { kind: "reset", name });
	await browser.ask("invitation.accept", { token, password: "another password" });
	assert.equal(await whoIs(browser), name);
	await newBrowser().ask("sign-in.password", { name, password: "another password" });
	assert.equal(await newBrowser().refusal("sign-in.password", { name, password: PASSWORD }), "WRONG_CREDENTIALS");
});

test("who changes their password stays, is asked for the old one, and ends all other sign-ins", async () => {
	const { browser, name } = await addMember(operator, "careful");
	const elsewhere = newBrowser();
	await elsewhere.ask("sign-in.password", { name, password: PASSWORD });
	const change = { current: PASSWORD, password: "another password" };
	assert.equal(await browser.refusal("password.change", { ...change, current: "wrong" }), "WRONG_CREDENTIALS");
	assert.equal(await browser.refusal("password.change", { ...change, password: "short" }), "BAD_REQUEST");
	assert.equal(await whoIs(elsewhere), name);
	await browser.ask("password.change", change);
	assert.deepEqual([await whoIs(browser), await whoIs(elsewhere)], [name, null]);
	assert.equal(await elsewhere.refusal("sign-in.password", { name, password: PASSWORD }), "WRONG_CREDENTIALS");
	await elsewhere.ask("sign-in.password", { name, password: "another password" });
});

test("whoever sits down at an open page may not try passwords without end", async () => {
	const { browser, name } = await addMember(operator, "at lunch");
	const guess = { current: "a guess", password: "mallory's password" };
	const codes: string[] = [];
	for (let attempt = 0; attempt < 12; attempt += 1) codes.push(await browser.refusal("password.change", guess));
	assert.deepEqual(new Set(codes.slice(0, 10)), new Set(["WRONG_CREDENTIALS"]));
	assert.deepEqual(new Set(codes.slice(10)), new Set(["TOO_MANY_ATTEMPTS"]));
	await newBrowser().ask("sign-in.password", { name, password: PASSWORD });
});

test("whoever is switched off is told so if the password is right, and nothing if it is not", async () => {
	const { browser, name, user } = await addMember(operator, "expelled");
	using page = await PageClient.connect(gateway.base, browser.cookie);
	const gone = signedOut(page);
	await operator.ask("user.change", { user: user.userId, isDisabled: true });
	assert.equal(await gone, "disabled");
	assert.equal(await newBrowser().refusal("sign-in.password", { name, password: PASSWORD }), "USER_DISABLED");
	assert.equal(await newBrowser().refusal("sign-in.password", { name, password: "a guess" }), "WRONG_CREDENTIALS");
	const { invitation } = await operator.ask("user.reset", { user: user.userId });
	const late = { token: tokenOf(invitation.url), password: PASSWORD };
	assert.equal(await newBrowser().refusal("invitation.accept", late), "USER_DISABLED");
	await operator.ask("user.change", { user: user.userId, isDisabled: false });
	await newBrowser().ask("invitation.accept", late);
});

test("where passwords are off there are no links and no operations for them", async (t) => {
	const fresh = await GatewayProcess.start({ SIGN_IN: "anonymous" });
	t.after(() => fresh[Symbol.asyncDispose]());
	assert.equal(printedLink(fresh), null);
	const browser = new ApiClient(fresh.base);
	assert.equal(await browser.refusal("sign-in.password", { name: "a", password: "b" }), "NOT_FOUND");
	assert.equal(await browser.refusal("invitation.accept", { token: "a", password: PASSWORD }), "NOT_FOUND");
});

test("it is all written down, with whom it was done to, and no password or token gets into the log", async () => {
	const mark = gateway.log.length;
	const { browser, name, user } = await addMember(operator, "written down");
	await browser.ask("sign-in.leave", {});
	await browser.refusal("sign-in.password", { name, password: "my secret guess" });
	await browser.refusal("sign-in.password", { name: "my secret typed as name", password: "x" });
	await browser.ask("sign-in.password", { name, password: PASSWORD });
	await browser.ask("password.change", { current: PASSWORD, password: "my secret password" });
	const { invitation } = await operator.ask("user.reset", { user: user.userId });
	// The log comes by a pipe of its own.
	for (let look = 0; look < 500 && !gateway.log.slice(mark).includes('"user.reset"'); look += 1) await sleep(10);
	const lines = gateway.log
		.slice(mark)
		.split("\n")
		.filter((line) => line.includes('"audit"'))
		.map((line): { action: string; result: string; subject: string | null } => JSON.parse(line));
	assert.deepEqual(
		lines.map(({ action, result, subject }) => [action, result, subject === user.userId]),
		[
			["user.added", "done", true],
			["invitation.accepted", "done", true],
			["signed-in", "done", true],
			["signed-out", "done", true],
			["signed-in", "WRONG_CREDENTIALS", true],
			["signed-in", "WRONG_CREDENTIALS", false],
			["signed-in", "done", true],
			["password.changed", "done", true],
			["sign-in.ended", "done", true],
			["user.reset", "done", true],
		],
	);
	const secrets = ["my secret", PASSWORD, tokenOf(invitation.url), ...browser.cookies.values()];
	for (const secret of secrets) assert.ok(!gateway.log.includes(secret), secret);
});
