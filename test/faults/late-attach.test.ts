/** A network may deliver what a page sent over its earlier connection after the page has come back over another one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../support/seeded-random.ts";
import { HeadlessScreen } from "./headless-screen.ts";
import { PageModel, SIZE } from "./page-model.ts";
import { PageWire } from "./page-wire.ts";
import { until } from "./recital.ts";
import { Stage } from "./stage.ts";

test("an attachment that an earlier connection of the page asked for does not leave the page without output", async () => {
	await using stage = await Stage.open("socket");
	using screen = new HeadlessScreen();
	const user = { base: stage.base, cookie: await stage.newCookie(), random: SeededRandom.fromEnvironment() };
	using page = new PageModel({ ...user, screen });
	await page.open();
	page.type("echo fir'st'\r");
	await until(() => screen.tail.includes("first"), "output");

	using earlier = new PageWire({ ...user, onReady: () => {}, onLost: () => {} });
	await until(() => earlier.isReady, "the earlier connection");
	const { pageId, sessionId, parsed: from } = page;
	const reply = await earlier.request("session:attach", { pageId, sessionId, from, size: SIZE });
	assert.ok(reply.ok, JSON.stringify(reply));
	earlier[Symbol.dispose]();

	page.type("echo seco'nd'\r");
	await until(
		() => screen.tail.includes("second"),
		() => `output: ${page.description}`,
	);
});
