/** Sign-ins that end, and what ends with them, on a real gateway in local mode. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, type Member, PASSWORD } from "../support/members.ts";
import { PageClient } from "../support/page-client.ts";
import { SLOWNESS } from "../support/patience.ts";
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

async function signedInAgain({ name }: Member): Promise<ApiClient> {
	const browser = new ApiClient(gateway.base, { "user-agent": "another browser" });
	await browser.ask("sign-in.password", { name, password: PASSWORD });
	return browser;
}

async function idOf(browser: ApiClient): Promise<string> {
	const { signInId } = await browser.ask("account.read", {});
	assert.ok(signInId);
	return signInId;
}

test("a sign-in that is ended from elsewhere loses its terminal within a second, and what runs in it goes on", async () => {
	const ada = await addMember(operator, "ada");
	const elsewhere = await signedInAgain(ada);
	using page = await PageClient.connect(gateway.base, ada.browser.cookie);
	using otherPage = await PageClient.connect(gateway.base, elsewhere.cookie);
	await page.untilReady();
	await otherPage.untilReady();
	const screen = await page.open();
	await page.run(screen, "kept=alive");
	const gone = signedOut(page);
	const signInId = await idOf(ada.browser);
	const askedAt = performance.now();
	await elsewhere.ask("sign-in.end", { user: "me", signInId });
	assert.equal(await gone, "ended-elsewhere");
	const tookMs = performance.now() - askedAt;
	assert.ok(tookMs < 1_000 * SLOWNESS, `it took ${tookMs} ms`);
	page.socket.connect();
	const refused = new Promise((resolve) => page.socket.once("connect_error", resolve));
	assert.equal(Object(await refused).data.code, "UNAUTHENTICATED", "the cookie is of no use any more");
	page.socket.disconnect();
	const again = await otherPage.attach(screen.sessionId);
	assert.equal(await otherPage.run(again, "echo $kept"), "alive");
	assert.equal(otherPage.socket.connected, true, "the one that asked stays");
});

test("signing out ends one's own page and nobody else's, and takes the cookie away", async () => {
	const ben = await addMember(operator, "ben");
	const elsewhere = await signedInAgain(ben);
	using page = await PageClient.connect(gateway.base, ben.browser.cookie);
	using otherPage = await PageClient.connect(gateway.base, elsewhere.cookie);
	const stolen = ben.browser.cookie;
	const gone = signedOut(page);
	await ben.browser.ask("sign-in.leave", {});
	assert.equal(await gone, "signed-out");
	assert.equal(ben.browser.cookies.has("berth_sign_in"), false);
	const thief = await fetch(`${gateway.base}/api/v1/me`, { headers: { cookie: stolen } });
	assert.equal(Object(await thief.json()).user, null, "a copy of the cookie is of no use either");
	assert.equal(otherPage.socket.connected, true);
	assert.equal(await ben.browser.refusal("sign-in.leave", {}), "UNAUTHENTICATED");
});

test("one's sign-ins are listed with device and address, and all but the own can be ended at once", async () => {
	const cem = await addMember(operator, "cem");
	const others = [await signedInAgain(cem), await signedInAgain(cem)];
	const { signIns } = await cem.browser.ask("sign-in.list", { user: "me" });
	assert.equal(signIns.length, 3);
	assert.deepEqual(
		signIns.filter(({ isCurrent }) => isCurrent).map(({ signInId }) => signInId),
		[await idOf(cem.browser)],
	);
	assert.equal(signIns.filter(({ device }) => device === "another browser").length, 2);
	assert.ok(signIns.every(({ address, method }) => /127\.0\.0\.1|::/.test(address) && method === "password"));
	assert.deepEqual(await cem.browser.ask("sign-in.end-others", { user: "me" }), { ended: 2 });
	for (const other of others) assert.equal((await other.ask("account.read", {})).user, null);
	assert.equal((await cem.browser.ask("account.read", {})).user?.displayName, "cem");
});

test("nobody lists or ends another's sign-ins, except operators", async () => {
	const [dan, eve] = [await addMember(operator, "dan"), await addMember(operator, "eve")];
	const signInId = await idOf(dan.browser);
	for (const user of [dan.user.userId, dan.user.username]) {
		assert.equal(await eve.browser.refusal("sign-in.list", { user }), "FORBIDDEN");
		assert.equal(await eve.browser.refusal("sign-in.end", { user, signInId }), "FORBIDDEN");
		assert.equal(await eve.browser.refusal("sign-in.end-others", { user }), "FORBIDDEN");
	}
	assert.equal(await eve.browser.refusal("sign-in.end", { user: "me", signInId }), "SIGN_IN_NOT_FOUND");
	using page = await PageClient.connect(gateway.base, dan.browser.cookie);
	const gone = signedOut(page);
	const { signIns } = await operator.ask("sign-in.list", { user: dan.user.username });
	assert.deepEqual(
		signIns.map((each) => [each.signInId, each.isCurrent]),
		[[signInId, false]],
	);
	await operator.ask("sign-in.end", { user: dan.user.username, signInId });
	assert.equal(await gone, "ended-elsewhere");
});

test("a browser that signs in anew has a new sign-in, and its old one ends with its pages", async () => {
	const fay = await addMember(operator, "fay");
	using page = await PageClient.connect(gateway.base, fay.browser.cookie);
	const gone = signedOut(page);
	const before = await idOf(fay.browser);
	await fay.browser.ask("sign-in.password", { name: "fay", password: PASSWORD });
	assert.equal(await gone, "replaced");
	assert.notEqual(await idOf(fay.browser), before);
	assert.equal((await fay.browser.ask("sign-in.list", { user: "me" })).signIns.length, 1);
});

test("a sign-in ends by itself: without a page after the idle time, and with one when its time is over", async (t) => {
	const brief = await GatewayProcess.start({
		SIGN_IN: "password",
		SIGN_IN_IDLE_TIMEOUT: "3s",
		SIGN_IN_TIMEOUT: "9s",
	});
	t.after(() => brief[Symbol.asyncDispose]());
	const root = await firstOperator(brief);
	const { browser: idle } = await addMember(root, "idle");
	using page = await PageClient.connect(brief.base, root.cookie);
	const gone = signedOut(page);
	await sleep(4_500);
	assert.equal((await idle.ask("account.read", {})).user, null);
	assert.equal(page.socket.connected, true, "an open page uses it");
	assert.equal(await gone, "expired");
	assert.equal((await root.ask("account.read", {})).user, null);
});

test("a guest who was switched off can do nothing but sign in as somebody", async () => {
	await using own = await GatewayProcess.start({ SIGN_IN: "anonymous,password" });
	const boss = await firstOperator(own);
	const { name } = await addMember(boss, "ada");
	const guest = new ApiClient(own.base);
	await (await guest.fetch("/container-terminal")).arrayBuffer();
	using page = await PageClient.connect(own.base, guest.cookie);
	await page.untilReady();
	const { user } = await guest.ask("account.read", {});
	await boss.ask("user.change", { user: user?.userId ?? "me", isDisabled: true });
	assert.equal((await guest.ask("account.read", {})).user?.isDisabled, true);
	assert.equal(await guest.refusal("secret.list", { user: "me" }), "USER_DISABLED");
	assert.equal(await guest.refusal("guest.adopt", {}), "USER_DISABLED");
	await guest.ask("sign-in.password", { name, password: PASSWORD });
	assert.equal((await guest.ask("account.read", {})).user?.displayName, name);
});
