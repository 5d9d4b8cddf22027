/** The terminal inside a platform's page, on another site, in a browser that blocks third-party cookies. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { type PageAround, Platform, tokenFor } from "./embedding-page.ts";

const RUN = { berth: 1, type: "run" };

let platform: Platform;
let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	platform = await Platform.start();
	gateway = await GatewayProcess.start(platform.environment);
	platform.gateway = gateway.base;
	browser = await launchBrowser(["--test-third-party-cookie-phaseout"]);
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
	await platform?.[Symbol.asyncDispose]();
});

test("the browser of these tests keeps third-party cookies only where they are partitioned", async () => {
	const other = createServer((request, response) => {
		const partitioned = "inside=1; SameSite=None; Secure; Partitioned; Path=/";
		response.setHeader("Set-Cookie", ["plain=1; SameSite=None; Secure; Path=/", partitioned]);
		response.setHeader("Content-Type", "text/html").end(`<p>${request.headers.cookie ?? "none"}</p>`);
	});
	other.listen(0, "127.0.0.1");
	await once(other, "listening");
	await using around = await platform.visit(browser, "/silent");
	const address = `http://localhost:${(other.address() as AddressInfo).port}/`;
	const seen: (string | null)[] = [];
	for (const visit of ["first", "second"]) {
		await around.show(`${address}?${visit}`);
		seen.push(await around.frame.textContent("p"));
	}
	other.closeAllConnections();
	other.close();
	assert.deepEqual(seen, ["none", "inside=1"]);
});

test("the example's page signs somebody in and shows their terminal, by a cookie that is partitioned", async () => {
	platform.person = "margaret";
	await using around = await platform.visit(browser);
	await around.untilPrompt();
	const size = await around.untilTold("resize");
	const reports = await around.reports();
	assert.deepEqual(
		reports.slice(0, 2).map(({ data }) => data),
		[
			{ berth: 1, type: "ready" },
			{ berth: 1, type: "token-wanted" },
		],
	);
	assert.ok(reports.every(({ origin }) => origin === gateway.base));
	assert.ok(Number(size.cols) > 20 && Number(size.rows) > 5, JSON.stringify(size));
	const cookies = await around.context.cookies();
	assert.deepEqual(
		cookies.map(({ httpOnly, name, sameSite, secure }) => ({ httpOnly, name, sameSite, secure })),
		[{ name: "berth_embedded", httpOnly: true, sameSite: "None", secure: true }],
	);
	assert.ok(cookies.every((cookie) => "partitionKey" in cookie && cookie.partitionKey !== undefined));
	await around.frame.evaluate(() => window.berth.type("exit 3\r"));
	assert.deepEqual(await around.untilTold("ended"), { berth: 1, type: "ended", exitCode: 3, signal: null });
});

/** How often anybody was signed in. */
function signedIn(): number {
	return gateway.log.split('"action":"signed-in"').length;
}

/** The terminal in a page that only shows it: the test speaks for that page. */
async function shown(person: string): Promise<PageAround> {
	const around = await platform.visit(browser, "/silent");
	await around.show(`${gateway.base}/embed`);
	await around.untilTold("token-wanted");
	await around.say({ berth: 1, type: "token", token: await tokenFor(person) });
	await around.untilPrompt();
	return around;
}

test("a token behind # is taken out of the address at once and is enough", async () => {
	await using around = await platform.visit(browser, "/silent");
	await around.show(`${gateway.base}/embed#token=${await tokenFor("grace")}`);
	await around.untilPrompt();
	assert.equal(await around.frame.evaluate(() => location.hash), "");
	const types = (await around.reports()).map(({ data }) => data.type);
	assert.ok(!types.includes("token-wanted"), types.join());
	assert.doesNotMatch(gateway.log, /eyJ/, "no token in the log");
});

test("a loaded frame asks for a token again, and shows nothing of whoever was there before", async () => {
	await using around = await shown("ada");
	await around.frame.evaluate(() => window.berth.type("echo mine-$((40 + 2))\r"));
	await around.untilText(/mine-42/);
	const before = (await around.reports()).length;
	await around.show(`${gateway.base}/embed?again`);
	await around.untilTold("token-wanted", before);
	assert.equal(await around.frame.evaluate(() => window.berth.activeText()), "");
	await around.say({ berth: 1, type: "token", token: await tokenFor("grace") });
	await around.untilPrompt();
	assert.doesNotMatch(await around.frame.evaluate(() => window.berth.activeText()), /mine-42/);
	// Another token at any time is another person from then on.
	await around.say({ berth: 1, type: "token", token: await tokenFor("ada") });
	await around.untilText(/mine-42/);
});

test("the terminal takes the keyboard when it is given, and not by itself", async () => {
	await using around = await platform.visit(browser, "/silent");
	const { page } = around;
	await page.focus("#own");
	await around.show(`${gateway.base}/embed#token=${await tokenFor("focus")}`);
	await around.untilPrompt();
	await page.keyboard.type("here");
	assert.equal(await page.inputValue("#own"), "here");
	await page.evaluate(() => document.querySelector("iframe")?.focus());
	await around.say({ berth: 1, type: "focus" });
	await around.frame.waitForFunction(() => document.activeElement instanceof HTMLTextAreaElement);
	await page.keyboard.type("echo there-$((7 + 7))\n");
	await around.untilText(/there-14/);
});

test("a command runs once the person has agreed to what they saw, and not before", async () => {
	await using around = await shown("run");
	const { frame, page } = around;
	// Not only the open one: until it is gone altogether the question is not answered, and no other is asked.
	const dialog = frame.locator("dialog");
	await around.say({ berth: 1, type: "run", command: "echo one-$((1 + 1))\necho two-$((2 + 2))" });
	await dialog.waitFor();
	const [first = "", second = ""] = (await dialog.locator("pre").innerText()).split("\n");
	assert.deepEqual([first, second], ["echo one-$((1 + 1))⏎", "echo two-$((2 + 2))"]);
	// Whoever was about to press Enter in the terminal has not agreed.
	await page.keyboard.press("Enter");
	await dialog.waitFor({ state: "detached" });
	await around.say({ berth: 1, type: "run", command: "echo one-$((1 + 1))\necho two-$((2 + 2))" });
	await dialog.getByRole("button", { name: "Cancel" }).click();
	await dialog.waitFor({ state: "detached" });
	await around.say({ berth: 1, type: "run", command: "echo third-$((3 + 3))\necho fourth-$((4 + 4))" });
	await dialog.getByRole("button", { name: "Run" }).click();
	const text = await around.untilText(/third-6[\s\S]*fourth-8/);
	assert.doesNotMatch(text, /one-|two-/);
});

test("a long command can be agreed to once it was read to its end", async () => {
	await using around = await shown("long");
	const lines = Array.from({ length: 80 }, (_, index) => `: line ${index}`).join("\n");
	await around.say({ berth: 1, type: "run", command: `${lines}\necho end-$((5 + 5))` });
	const dialog = around.frame.locator("dialog[open]");
	const run = dialog.getByRole("button", { name: "Run" });
	// Longer than the pause in which nobody can agree to anything.
	await around.page.waitForTimeout(1_000);
	assert.equal(await run.isEnabled(), false);
	await dialog.locator("pre").evaluate((text) => text.scrollTo(0, text.scrollHeight));
	await run.click();
	await around.untilText(/end-10/);
});

test("what is of another shape, version, window or origin does nothing", async () => {
	await using around = await shown("shapes");
	const { frame, page } = around;
	const token = await tokenFor("mallory");
	const before = signedIn();
	assert.ok(before > 1, "sign-ins can be counted");
	const nonsense = [
		null,
		"run",
		["run"],
		{ type: "run", command: "echo bad" },
		{ berth: 2, type: "run", command: "echo bad" },
		{ berth: "1", type: "run", command: "echo bad" },
		{ berth: 1, type: "run" },
		{ berth: 1, type: "run", command: ["echo bad"] },
		{ berth: 1, type: "run", command: "   " },
		{ berth: 1, type: "run", command: `echo bad${"x".repeat(2_000)}` },
		{ berth: 1, type: "run", command: "echo bad\r" },
		{ berth: 1, type: "run", command: "echo bad\u001b[201~" },
		{ berth: 1, type: "run", command: "echo \u202ebad" },
		{ berth: 1, type: "run", command: "echo\tbad" },
		{ berth: 1, type: "token", token: `${token}; x` },
		{ berth: 1, type: "token", token: 1 },
		{ berth: 1, type: "close" },
		{ berth: 1, type: "__proto__" },
	];
	for (const message of nonsense) await around.say(message);
	// A frame beside it, of the same allowed origin, is not the page around it; a page of another origin even less.
	await using stranger = await Platform.start();
	for (const source of [platform.origin, stranger.origin]) {
		const src = `${source}/silent?beside`;
		await page.evaluate(async (src) => {
			const beside = Object.assign(document.createElement("iframe"), { src });
			document.body.append(beside);
			await new Promise((resolve) => beside.addEventListener("load", resolve, { once: true }));
		}, src);
		const beside = page.frame({ url: src });
		assert.ok(beside, "there is a frame beside it");
		const orders = [
			{ berth: 1, type: "token", token },
			{ ...RUN, command: "echo bad" },
		];
		await beside.evaluate((orders) => {
			for (const order of orders) window.parent.frames[0]?.postMessage(order, "*");
		}, orders);
	}
	// What comes behind them all is done: so all of them have come.
	await around.say({ berth: 1, type: "run", command: "echo good" });
	await frame.locator("dialog[open]").getByRole("button", { name: "Run" }).click();
	await around.untilText(/\ngood\n/);
	assert.doesNotMatch(await frame.evaluate(() => window.berth.activeText()), /bad/);
	assert.equal(signedIn(), before, "nobody else was signed in");
	assert.equal(await frame.locator("dialog[open]").count(), 0);
});

test("a page of another origin shows no terminal, nor does an allowed one inside of it", async () => {
	await using stranger = await Platform.start();
	await using around = await stranger.visit(browser, "/silent");
	await around.show(`${gateway.base}/embed#token=${await tokenFor("ada")}`);
	await around.page.waitForFunction(() => document.querySelector("iframe")?.contentDocument === null);
	assert.match(around.frame.url(), /^chrome-error:/);
	platform.gateway = gateway.base;
	await around.show(`${platform.origin}/`);
	await around.page.waitForTimeout(500);
	const urls = around.page.frames().map((frame) => frame.url());
	assert.equal(urls.length, 3);
	assert.match(urls[2] ?? "", /^chrome-error:/, urls.join(" "));
	assert.deepEqual(await around.reports(), []);
});

test("a page around the terminal can neither ask the API itself nor connect, whatever the browser holds", async () => {
	await using around = await shown("around");
	const before = signedIn();
	const seen = await around.page.evaluate(
		async ([base, token]) => {
			const ask = async (path: string, method: string, body?: string): Promise<number | string> => {
				const options = { method, credentials: "include", mode: "no-cors", ...(body && { body }) } as const;
				return await fetch(`${base}${path}`, options).then(
					({ status, type }) => `${type} ${status}`,
					() => "failed",
				);
			};
			const socket = new WebSocket(`${base?.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
			const connected = await new Promise((resolve) => {
				socket.onopen = () => resolve(true);
				socket.onerror = () => resolve(false);
			});
			await ask("/api/v1/sign-ins/jwt", "POST", JSON.stringify({ token, isEmbedded: true }));
			await ask("/api/v1/users/me/sign-ins", "DELETE");
			return { connected };
		},
		[gateway.base, await tokenFor("mallory")] as const,
	);
	assert.deepEqual(seen, { connected: false });
	assert.equal(signedIn(), before, "nobody else was signed in");
	await around.frame.evaluate(() => window.berth.type("echo still-$((6 + 6))\r"));
	await around.untilText(/still-12/);
});

test("an ended sign-in is told to the page around, hides the terminal, and is renewed when the person asks", async () => {
	await using around = await shown("hopper");
	await around.frame.evaluate(() => window.berth.type("echo mine-$((40 + 2))\r"));
	await around.untilText(/mine-42/);
	await around.frame.evaluate(async () => {
		await fetch("api/v1/sign-ins/current", { method: "DELETE" });
	});
	const report = await around.untilTold("signed-out");
	assert.deepEqual(report, { berth: 1, type: "signed-out", reason: "signed-out" });
	assert.doesNotMatch(await around.frame.evaluate(() => document.body.innerText), /mine/);
	const before = (await around.reports()).length;
	await around.frame.getByRole("button", { name: "Sign in" }).click();
	await around.untilTold("token-wanted", before);
	await around.say({ berth: 1, type: "token", token: await tokenFor("hopper") });
	await around.untilText(/mine-42/);
});

test("two frames in one browser are one sign-in: the same person goes on in both, and nobody sees another's terminal", async () => {
	await using around = await shown("ada");
	const { page } = around;
	const other = await around.context.newPage();
	await other.goto(`${platform.origin}/silent`);
	const show = async (person: string): Promise<void> => {
		const token = await tokenFor(person);
		await other.evaluate(
			(src) => document.querySelector("iframe")?.setAttribute("src", src),
			`${gateway.base}/embed?${person}#token=${token}`,
		);
	};
	await show("ada");
	assert.equal((await around.untilTold("signed-out")).reason, "replaced");
	await around.untilPrompt();
	const before = (await around.reports()).length;
	await show("grace");
	assert.equal((await around.untilTold("signed-out", before)).reason, "replaced");
	const told = await page.waitForFunction(
		(after) => window.reports.slice(after).filter(({ data }) => data.type === "signed-out")[1]?.data,
		before,
	);
	assert.deepEqual(await told.jsonValue(), { berth: 1, type: "signed-out", reason: null });
	assert.match(await around.frame.locator("#cover").innerText(), /You are signed out/);
});

test("opened by itself, the embedded page says what it is for", async () => {
	const page = await browser.newPage();
	await page.goto(`${gateway.base}/embed#token=${await tokenFor("ada")}`);
	await page.getByText("is for showing the terminal inside another page").waitFor();
	assert.deepEqual(await page.context().cookies(), []);
	await page.close();
});
