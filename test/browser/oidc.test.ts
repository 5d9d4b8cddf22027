/** Signing in at an OpenID provider in a real browser, which decides about cookies across sites by itself. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { launchBrowser } from "../support/browser.ts";
import { OidcStage } from "../support/oidc-stage.ts";

test("a round trip to a provider on another site ends in a terminal, and signing out there closes it", async (t) => {
	await using stage = await OidcStage.start();
	stage.provider.people.set("ada", { name: "Ada Lovelace" });
	const browser = await launchBrowser();
	t.after(() => browser.close());
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(`${stage.base}/sign-in/oidc`);
	assert.equal(new URL(page.url()).origin, stage.provider.issuer);
	await page.fill('[name="login"]', "ada");
	await page.fill('[name="password"]', "any");
	await page.click('[type="submit"]');
	await page.click('[type="submit"]');
	await page.waitForURL(`${stage.base}/container-terminal`);
	await page.waitForSelector('[data-testid="connection"][data-state="connected"]');
	const cookies = (await context.cookies(stage.base)).map(({ name }) => name);
	assert.ok(cookies.includes("berth_sign_in") && !cookies.includes("berth_oidc"), cookies.join());
	const elsewhere = await context.newPage();
	await elsewhere.goto(`${stage.provider.issuer}/session/end`);
	await elsewhere.click('[name="logout"]');
	await page.waitForFunction(() => document.querySelector('[data-state="connected"]') === null);
	await elsewhere.goto(`${stage.base}/container-terminal`);
	assert.equal(new URL(elsewhere.url()).pathname, "/sign-in");
});
