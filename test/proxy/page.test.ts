/** The page in Chromium, through the real nginx, below a path of its host. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { TestCertificate } from "../support/test-certificate.ts";
import { Site } from "./site.ts";

const MEBI = 1024 ** 2;
/** Shorter than in the example, so that a terminal can be idle for longer; longer than pages and gateway are silent. */
const PROXY_PATIENCE_S = 18;

let certificate: TestCertificate;
let site: Site;
let browser: Browser;

before(async () => {
	certificate = new TestCertificate();
	const changes = { "120s": `${PROXY_PATIENCE_S}s` };
	site = await Site.start({ proxy: "nginx", path: "/berth", certificate, changes });
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await site?.[Symbol.asyncDispose]();
	certificate?.[Symbol.dispose]();
});

async function arrive(base = site.base): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, base, { ignoreHTTPSErrors: true });
	await person.untilPrompt();
	return person;
}

/** Pastes as much as this into a program, and returns what came of it there. */
async function pasted(person: TerminalPage, text: string): Promise<string> {
	await person.type(`stty -echo; echo re''ady; head -c ${text.length} | sha256sum; stty echo\n`);
	await person.untilText(/\nready\n?/);
	await person.page.evaluate((words) => navigator.clipboard.writeText(words), text);
	await person.page.keyboard.press("Control+Shift+V");
	// The program does not mark pastes, so that the page asks.
	await person.page.getByRole("button", { name: "Paste", exact: true }).click();
	return /([0-9a-f]{64}) +-/.exec(await person.untilText(/[0-9a-f]{64} +-/))?.[1] ?? "";
}

const LONG_TEXT = "All work and no play makes Jack a dull boy, said the fox to nobody at all.....\n".repeat(
	Math.ceil(MEBI / 79),
);
const SUM = createHash("sha256").update(LONG_TEXT).digest("hex");

test("a terminal works, keeps its cookie to itself, and comes back after a reload", async () => {
	const person = await arrive();
	assert.equal(await person.run("echo $((40 + 2))"), "42");
	const cookies = await person.context.cookies(site.base);
	assert.deepEqual(
		cookies.map(({ httpOnly, name, path, secure }) => ({ httpOnly, name, path, secure })),
		[{ httpOnly: true, name: "__Host-berth_guest", path: "/", secure: true }],
	);
	await person.page.reload();
	await person.untilText(/\n42\n/);
	await person.close();
});

test("a mebibyte that is pasted arrives whole", async () => {
	const person = await arrive();
	assert.equal(await pasted(person, LONG_TEXT), SUM);
	await person.close();
});

test("a mebibyte that is pasted arrives whole without WebSockets, too", async () => {
	// As where whoever set nginx up forgot them.
	const changes = { "default upgrade;": 'default "";' };
	await using forgetful = await Site.start({ proxy: "nginx", path: "/berth", certificate, changes });
	const person = await arrive(forgetful.base);
	assert.equal(await pasted(person, LONG_TEXT), SUM);
	assert.match(person.complaints.splice(0).join(), /WebSocket/);
	await person.close();
});

test("a terminal that nobody uses for longer than the proxy waits stays connected", async () => {
	const person = await arrive();
	const states = await person.page.evaluateHandle(() => {
		// A page that can be seen measures its line every few seconds.
		Object.defineProperty(document, "visibilityState", { value: "hidden" });
		const seen: (string | undefined)[] = [];
		const badge = document.querySelector<HTMLElement>('[data-testid="connection"]');
		new MutationObserver(() => seen.push(badge?.dataset.state)).observe(badge ?? document, { attributes: true });
		return seen;
	});
	await person.page.waitForTimeout(2 * PROXY_PATIENCE_S * 1000);
	const seen = new Set(await states.jsonValue());
	seen.delete("connected");
	assert.deepEqual([...seen], []);
	assert.equal(await person.run("echo still here"), "still here");
	await person.close();
});
