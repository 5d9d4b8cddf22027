/** The link is gone for longer than the gateway tries to have it back by itself, while container and session live on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../support/seeded-random.ts";
import { HeadlessScreen } from "./headless-screen.ts";
import { PageModel } from "./page-model.ts";
import { until } from "./recital.ts";
import { Stage } from "./stage.ts";

/** The gateway gives a link up after 2.5 s, and its container a new one after that. */
const OUTAGE_MS = 4_000;

test("a page finds its session again after a long outage of the link, and no byte is missing", async () => {
	await using stage = await Stage.open("socket");
	using screen = new HeadlessScreen();
	const user = { base: stage.base, cookie: await stage.newCookie(), random: SeededRandom.fromEnvironment() };
	using page = new PageModel({ ...user, screen });
	await page.open();
	const { sessionId } = page;
	page.type("for i in $(seq 60); do echo tick-$i-; sleep 0.1; done; echo al'l'\r");
	await until(() => screen.tail.includes("tick-5-"), "output");
	await stage.withoutLink(OUTAGE_MS);
	await until(
		() => screen.tail.includes("all"),
		() => `output: ${page.description}`,
	);
	assert.equal(page.sessionId, sessionId);
});
