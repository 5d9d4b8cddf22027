/** Guessing passwords, and using the defence against it to lock others out, on a real gateway. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { ErrorCode, WireError } from "../../server/protocol/errors.ts";
import { ApiClient } from "../support/api-client.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { addMember, firstOperator, PASSWORD } from "../support/members.ts";

let gateway: GatewayProcess;
let operator: ApiClient;

before(async () => {
	// Each client can so be given an address, as behind a proxy.
	gateway = await GatewayProcess.start({ SIGN_IN: "password", TRUST_PROXY: "loopback" });
	operator = await firstOperator(gateway);
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

const browserAt = (address: string): ApiClient => new ApiClient(gateway.base, { "x-forwarded-for": address });

async function guess(browser: ApiClient, name: string, password = "a wrong guess"): Promise<ErrorCode | "let in"> {
	const reply = await browser.call("sign-in.password", { name, password });
	return reply.ok ? "let in" : reply.error.code;
}

/** Answers to so many guesses, one after the other. */
async function guesses(browser: ApiClient, name: string, count: number): Promise<string[]> {
	const answers: string[] = [];
	for (let attempt = 0; attempt < count; attempt += 1) answers.push(await guess(browser, name));
	return answers;
}

const count = (answers: readonly string[], answer: string): number => answers.filter((each) => each === answer).length;

test("guessing is stopped, also where the next guess would be right, and says when it may go on", async () => {
	await addMember(operator, "ada");
	const mallory = browserAt("203.0.113.1");
	const answers = await guesses(mallory, "ada", 12);
	assert.deepEqual([count(answers, "WRONG_CREDENTIALS"), count(answers, "TOO_MANY_ATTEMPTS")], [10, 2]);
	const reply = await mallory.call("sign-in.password", { name: "ada", password: PASSWORD });
	assert.ok(!reply.ok && reply.status === 429);
	const error: WireError = reply.error;
	assert.equal(error.code, "TOO_MANY_ATTEMPTS");
	assert.ok((error.retryAfterMs ?? 0) > 0 && (error.retryAfterMs ?? 0) <= 15 * 60_000);
});

test("many guesses at once are no way around, nor are spellings of the name", async () => {
	await addMember(operator, "bertha");
	const mallory = browserAt("203.0.113.2");
	const spellings = ["bertha", "BERTHA", "ｂertha", "Bertha", " bertha"];
	const answers = await Promise.all(
		Array.from({ length: 60 }, (_, index) => guess(mallory, spellings[index % 5] ?? "")),
	);
	assert.equal(count(answers, "WRONG_CREDENTIALS"), 10);
	assert.equal(count(answers, "TOO_MANY_ATTEMPTS"), 50);
});

test("names that nobody has are refused as soon, and in the same words", async () => {
	await addMember(operator, "clara");
	const [real, made] = [browserAt("203.0.113.3"), browserAt("203.0.113.4")];
	const replies = await Promise.all(
		[real, made].map(async (browser, index) => {
			const name = index === 0 ? "clara" : "no such clara";
			const answers = await guesses(browser, name, 10);
			const last = await browser.call("sign-in.password", { name, password: "a wrong guess" });
			assert.ok(!last.ok);
			const { retryAfterMs, ...rest } = last.error;
			return { answers, rest, hasWait: typeof retryAfterMs === "number" };
		}),
	);
	assert.deepEqual(replies[0], replies[1]);
});

test("who is right is never made to wait, and does not clear what others got wrong", async () => {
	const { name } = await addMember(operator, "cora");
	const address = "203.0.113.20";
	for (let turn = 0; turn < 10; turn += 1) {
		assert.equal(await guess(browserAt(address), name), "WRONG_CREDENTIALS");
		if (turn < 9) assert.equal(await guess(browserAt(address), name, PASSWORD), "let in");
	}
	assert.equal(await guess(browserAt(address), name), "TOO_MANY_ATTEMPTS");
});

test("one address that guesses at everybody is stopped, whatever address it claims behind the proxy", async () => {
	const mallory = (index: number): ApiClient => browserAt(`10.0.0.${index % 250}, 203.0.113.5`);
	const answers: string[] = [];
	for (let index = 0; index < 110; index += 1) answers.push(await guess(mallory(index), `pupil ${index}`));
	assert.equal(count(answers, "WRONG_CREDENTIALS"), 100);
	assert.deepEqual(new Set(answers.slice(100)), new Set(["TOO_MANY_ATTEMPTS"]));
});

test("a swarm that guesses at one account is stopped, and neither its owner's browser nor a pupil beside them is", async () => {
	const { browser, name } = await addMember(operator, "dora");
	const owner = browserAt("203.0.113.60");
	for (const [key, value] of browser.cookies) owner.cookies.set(key, value);
	await owner.ask("sign-in.leave", {});
	const answers: string[] = [];
	for (let bot = 0; bot < 10; bot += 1) answers.push(...(await guesses(browserAt(`198.51.100.${bot}`), name, 10)));
	assert.equal(count(answers, "WRONG_CREDENTIALS"), 60);
	assert.equal(await guess(browserAt("198.51.100.200"), name, PASSWORD), "TOO_MANY_ATTEMPTS", "strangers have to wait");
	assert.equal(await guess(owner, name, PASSWORD), "let in");
	assert.equal(await guess(browserAt("198.51.100.1"), "ada", "wrong"), "WRONG_CREDENTIALS", "others are not concerned");
});

test("one address cannot keep an account's owner from a new browser elsewhere", async () => {
	const { name } = await addMember(operator, "edith");
	await guesses(browserAt("203.0.113.7"), name, 90);
	assert.equal(await guess(browserAt("203.0.113.8"), name, PASSWORD), "let in");
});

test("whoever shares the owner's address and uses it up does not lock out browsers that are known", async () => {
	const { browser, name } = await addMember(operator, "frieda");
	const owner = browserAt("203.0.113.9");
	for (const [key, value] of browser.cookies) owner.cookies.set(key, value);
	await owner.ask("sign-in.leave", {});
	for (let index = 0; index < 100; index += 1) await guess(browserAt("203.0.113.9"), `name ${index}`);
	assert.equal(await guess(browserAt("203.0.113.9"), name, PASSWORD), "TOO_MANY_ATTEMPTS");
	assert.equal(await guess(owner, name, PASSWORD), "let in");
});

test("a browser that is known for one account is a stranger to any other, and its mark cannot be made or altered", async () => {
	const mallory = await addMember(operator, "mallory");
	const { name } = await addMember(operator, "gerda");
	const own = mallory.browser.cookies.get("berth_device") ?? "";
	assert.notEqual(own, "");
	for (const mark of [own, `${own.slice(0, -1)}A`, "A".repeat(65), Array(8).fill("A".repeat(65)).join(".")]) {
		const browser = browserAt("203.0.113.10");
		browser.cookies.set("berth_device", mark);
		await guesses(browser, name, 3);
	}
	assert.equal(await guess(browserAt("203.0.113.10"), name, PASSWORD), "TOO_MANY_ATTEMPTS", "all counted together");
});

test("whoever stole a known browser's mark may not guess without end either, and locks nobody else out by it", async () => {
	const { browser, name } = await addMember(operator, "hanna");
	const thief = browserAt("203.0.113.11");
	thief.cookies.set("berth_device", browser.cookies.get("berth_device") ?? "");
	assert.equal(count(await guesses(thief, name, 15), "WRONG_CREDENTIALS"), 10);
	assert.equal(await guess(browserAt("203.0.113.12"), name, PASSWORD), "let in");
});

test("a flood of sign-ins costs a bounded amount of memory, and everything else is answered meanwhile", async () => {
	const flood = Promise.all(
		Array.from({ length: 600 }, (_, index) => guess(browserAt(`192.0.2.${index % 250}`), `flood ${index}`)),
	);
	const slowest: number[] = [];
	for (let look = 0; look < 20; look += 1) {
		const askedAt = performance.now();
		assert.equal((await fetch(`${gateway.base}/healthz`)).status, 200);
		slowest.push(performance.now() - askedAt);
	}
	const answers = await flood;
	assert.equal(count(answers, "WRONG_CREDENTIALS") + count(answers, "TOO_MANY_ATTEMPTS"), 600);
	assert.ok(count(answers, "TOO_MANY_ATTEMPTS") > 100, "what is too much is turned away");
	// The flood takes some ten seconds of hashing: whoever waited behind it would wait as long.
	assert.ok(Math.max(...slowest) < 3_000, `${Math.max(...slowest)} ms`);
});

test("each limit that was hit is in the audit log, once, without what was typed", () => {
	const hits = gateway.log.split("\n").filter((line) => line.includes('"limit.hit"'));
	assert.ok(hits.length >= 6 && hits.length < 40, String(hits.length));
	for (const hit of hits) assert.doesNotMatch(hit, /a wrong guess|pupil|no such clara/);
});
