/** Who may take a guest's files over: the browser that was the guest, once somebody has signed in with it, and nobody else. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ApiCaller, signIn, WITH_MEMBERS } from "../support/api-caller.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start(WITH_MEMBERS);
});
after(async () => {
	await gateway[Symbol.asyncDispose]();
});

async function guestWithFile(): Promise<PageClient> {
	const page = await PageClient.connect(gateway.base);
	await page.untilReady();
	await page.run(await page.open(), "echo mine > ~/file");
	return page;
}

const adopt = (cookie: string) => ApiCaller.asBrowser(gateway, cookie).call("guest.adopt", {});

test("the guest's files become the member's, its pages are told, and the browser is no guest any more", async () => {
	using guest = await guestWithFile();
	const told = new Promise((resolve) => guest.socket.on("berth:signed-out", resolve));
	const { cookie, user } = signIn(gateway, "ada");
	const both = `${guest.cookie}; ${cookie}`;
	assert.equal((await ApiCaller.asBrowser(gateway, both).call("account.read", {})).result.hasGuestFiles, true);
	const { code, cookies, result } = await adopt(both);
	assert.deepEqual([code, result], [null, { folder: "~" }]);
	assert.match(cookies.join("\n"), /^berth_guest=;.*Max-Age=0/);
	assert.equal(await told, "replaced");
	using page = await PageClient.connect(gateway.base, cookie);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "cat ~/file; pwd | grep -o '[^/]*$'"), `mine\n${user.username}`);
	assert.match(gateway.log, /"action":"guest\.adopted".*"result":"done"/);
	// Whoever kept the cookie is an empty guest.
	using again = await PageClient.connect(gateway.base, guest.cookie);
	await again.untilReady();
	assert.equal(await again.run(await again.open(), "ls ~"), "");
});

test("without both proofs nobody adopts anything", async () => {
	using guest = await guestWithFile();
	using other = await guestWithFile();
	const { cookie } = signIn(gateway, "mallory");
	const forged = `${guest.cookie.slice(0, -1)}${guest.cookie.endsWith("A") ? "B" : "A"}`;
	for (const [cookies, code] of [
		// Only a guest, only a member, nobody, a forged guest, one sign-in that is none.
		[guest.cookie, "NOT_FOUND"],
		[cookie, "NOT_FOUND"],
		["", "UNAUTHENTICATED"],
		[`${forged}; ${cookie}`, "NOT_FOUND"],
		[`${guest.cookie}; berth_sign_in=${"A".repeat(43)}`, "NOT_FOUND"],
	] as const) {
		assert.equal((await adopt(cookies)).code, code, cookies);
	}
	assert.equal((await ApiCaller.asProgram(gateway).call("guest.adopt", {})).code, "UNAUTHENTICATED");
	// Whoever is named in the request does not count.
	const named = JSON.stringify({ guest: guest.welcome?.user.username, from: guest.welcome?.user.username, user: "x" });
	const api = ApiCaller.asBrowser(gateway, `${other.cookie}; ${cookie}`);
	assert.equal((await api.send("POST", "/users/me/guest-files", named)).code, null);
	const screen = await guest.open();
	assert.equal(await guest.run(screen, "cat ~/file"), "mine");
	// Another site's page, with the browser's cookies.
	const response = await fetch(`${gateway.base}/api/v1/users/me/guest-files`, {
		method: "POST",
		headers: {
			cookie: `${guest.cookie}; ${cookie}`,
			origin: "https://evil.example",
			"content-type": "application/json",
		},
		body: "{}",
	});
	assert.equal(response.status, 403);
	assert.equal(await guest.run(screen, "cat ~/file"), "mine");
});

test("whoever asks twice, or for two members at once, moves the files once", async () => {
	using guest = await guestWithFile();
	const members = ["carol", "dave"].map((name) => signIn(gateway, name).cookie);
	const replies = await Promise.all([...members, ...members].map((cookie) => adopt(`${guest.cookie}; ${cookie}`)));
	assert.deepEqual(
		replies.map(({ code }) => code),
		[null, null, null, null],
	);
	const found: string[] = [];
	for (const cookie of members) {
		using page = await PageClient.connect(gateway.base, cookie);
		await page.untilReady();
		found.push(await page.run(await page.open(), "cat ~/file || true"));
	}
	assert.equal(found.filter((text) => text === "mine").length, 1, found.join("\n"));
});

test("a guest whose access was switched off leaves nothing to take", async () => {
	using guest = await guestWithFile();
	const { cookie } = signIn(gateway, "erin");
	const user = guest.welcome?.user.username ?? "";
	await ApiCaller.asProgram(gateway, "switch").call("user.change", { user, isDisabled: true });
	assert.equal((await adopt(`${guest.cookie}; ${cookie}`)).code, "FORBIDDEN");
});
