/** Links that are used twice, too late, by somebody else or in another way, on a real gateway and its database. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Sqlite from "better-sqlite3";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, PASSWORD, tokenOf } from "../support/members.ts";

let gateway: GatewayProcess;
let operator: ApiClient;

before(async () => {
	gateway = await GatewayProcess.start({ SIGN_IN: "password" });
	operator = await firstOperator(gateway, "root");
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

const newBrowser = (): ApiClient => new ApiClient(gateway.base);

async function invite(name: string): Promise<string> {
	return tokenOf((await operator.ask("user.add", { name })).invitation.url);
}

test("a link that was used is of no use to whoever finds it later", async () => {
	const token = await invite("ada");
	await newBrowser().ask("invitation.accept", { token, password: PASSWORD });
	const mallory = newBrowser();
	assert.equal(await mallory.refusal("invitation.look", { token }), "LINK_USED");
	assert.equal(await mallory.refusal("invitation.accept", { token, password: "mallory's own" }), "LINK_USED");
	assert.equal(
		await mallory.refusal("sign-in.password", { name: "ada", password: "mallory's own" }),
		"WRONG_CREDENTIALS",
	);
	await mallory.ask("sign-in.password", { name: "ada", password: PASSWORD });
});

test("of several who accept one link at once one gets in, and theirs is the password", async () => {
	const token = await invite("bea");
	const passwords = Array.from({ length: 6 }, (_, index) => `password number ${index}`);
	const replies = await Promise.all(
		passwords.map((password) => newBrowser().call("invitation.accept", { token, password })),
	);
	const winners = passwords.filter((_, index) => replies[index]?.ok);
	assert.equal(winners.length, 1);
	const codes = replies.flatMap((reply) => (reply.ok ? [] : [reply.error.code]));
	assert.deepEqual(new Set(codes), new Set(["LINK_USED"]));
	const signedIn = await Promise.all(
		passwords.map((password) => newBrowser().call("sign-in.password", { name: "bea", password })),
	);
	assert.deepEqual(
		passwords.filter((_, index) => signedIn[index]?.ok),
		winners,
	);
});

test("a link that is too old is of no use, and neither is one that a newer has replaced", async () => {
	const token = await invite("cleo");
	const database = new Sqlite(join(gateway.dataDir, "berth.sqlite"));
	try {
		database.prepare("UPDATE invitations SET ends_at = ?").run(Date.now() - 1);
	} finally {
		database.close();
	}
	assert.equal(await newBrowser().refusal("invitation.look", { token }), "LINK_USED");
	assert.equal(await newBrowser().refusal("invitation.accept", { token, password: PASSWORD }), "LINK_USED");
	const first = tokenOf((await operator.ask("user.reset", { user: await idOf("cleo") })).invitation.url);
	const second = tokenOf((await operator.ask("user.reset", { user: await idOf("cleo") })).invitation.url);
	assert.equal(await newBrowser().refusal("invitation.accept", { token: first, password: PASSWORD }), "LINK_USED");
	await newBrowser().ask("invitation.accept", { token: second, password: PASSWORD });
});

test("a reset that comes while an earlier link is being accepted wins", async () => {
	const token = await invite("dora");
	const [accepted, reset] = await Promise.all([
		newBrowser().call("invitation.accept", { token, password: PASSWORD }),
		operator.ask("user.reset", { user: await idOf("dora") }),
	]);
	const isIn = (await newBrowser().call("sign-in.password", { name: "dora", password: PASSWORD })).ok;
	assert.equal(isIn, false, `accepted: ${accepted.ok}`);
	await newBrowser().ask("invitation.accept", { token: tokenOf(reset.invitation.url), password: PASSWORD });
});

test("tokens that are made up, altered or of another kind open nothing", async () => {
	const token = await invite("edith");
	const altered = [
		`${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`,
		token.toLowerCase(),
		token.toUpperCase(),
		`${token} `,
		`#${token}`,
		token.slice(0, 42),
		randomBytes(32).toString("base64url"),
		operator.cookies.get("berth_sign_in") ?? "",
		"",
		"%",
		"' OR 1=1 --",
	];
	for (const wrong of altered) {
		assert.equal(await newBrowser().refusal("invitation.look", { token: wrong }), "LINK_USED", wrong);
		assert.equal(
			await newBrowser().refusal("invitation.accept", { token: wrong, name: "evil", password: PASSWORD }),
			"LINK_USED",
			wrong,
		);
	}
	// What a browser would make of a link, as a sign-in.
	const asCookie = newBrowser();
	asCookie.cookies.set("berth_sign_in", token);
	assert.equal((await asCookie.ask("account.read", {})).user, null);
	await newBrowser().ask("invitation.accept", { token, password: PASSWORD });
});

test("a link is for whom it was made, and makes nobody an operator", async () => {
	await addMember(operator, "frieda");
	const token = await invite("gerda");
	for (const name of ["frieda", "root", "operator"]) {
		const asked = newBrowser().refusal("invitation.accept", { token, name, password: PASSWORD });
		assert.equal(await asked, "BAD_REQUEST");
	}
	const browser = newBrowser();
	const extra = { token, password: PASSWORD, role: "operator", userId: "x", kind: "first-operator" };
	await browser.ask("invitation.accept", extra);
	const { user } = await browser.ask("account.read", {});
	assert.deepEqual([user?.displayName, user?.role], ["gerda", "user"]);
});

test("no link's token gets into the log, except the first operator's, which is printed", async () => {
	const token = await invite("hanna");
	await newBrowser().ask("invitation.look", { token });
	await newBrowser().ask("invitation.accept", { token, password: PASSWORD });
	await newBrowser().refusal("invitation.accept", { token, password: PASSWORD });
	await gateway.stop();
	assert.ok(!gateway.log.includes(token));
	assert.equal(gateway.log.match(/invitation#/g)?.length, 1);
	await gateway.start();
});

async function idOf(name: string): Promise<string> {
	const { users } = await operator.ask("user.list", { search: name });
	const user = users.find(({ displayName }) => displayName === name);
	assert.ok(user);
	return user.userId;
}
