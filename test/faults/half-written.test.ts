/** A cut that falls into the midst of what makes sense only as a whole: characters of several bytes, escape sequences. */
import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import type { CutStyle } from "../support/cuttable-proxy.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { assertSameScreen, drawn, HeadlessScreen } from "./headless-screen.ts";
import { PageModel } from "./page-model.ts";
import { Recital } from "./recital.ts";
import { Stage } from "./stage.ts";

/** Each would show something else, or nothing, if it was read in two halves or if a byte of it came twice. */
const OUTPUT = Buffer.from(
	[
		"\x1bc",
		"é 日 👩 👩‍👩‍👧 e\u0301 ",
		"\x1b[38;2;10;20;30;4:3mcoloured\x1b[0m ",
		"\x1b]8;id=1;https://example.org/\x1b\\a link\x1b]8;;\x07 ",
		"\x1b]0;a title\x07",
		"\x1b[12;30H\x1b[1;5rin a region\x1b(0qqq\x1b(B",
		"\x1bP$qm\x1b\\",
		"\x1b[?1049hthe other screen\x1b[?1049l",
	].join(""),
);

let stage: Stage;
before(async () => {
	stage = await Stage.open("socket");
});
after(() => stage[Symbol.asyncDispose]());

type Scene = { random: SeededRandom; cookie: string };

async function setUp(t: TestContext): Promise<Scene> {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`seed ${random.seed}`);
	return { random, cookie: await stage.newCookie() };
}

/** The places between two bytes, some of them, in order. */
function somePlaces(random: SeededRandom, count: number): number[] {
	const all = Array.from({ length: OUTPUT.length - 1 }, (_, at) => at + 1);
	return random
		.shuffle(all)
		.slice(0, count)
		.toSorted((one, other) => one - other);
}

function anyStyle(random: SeededRandom): CutStyle {
	return random.pick<CutStyle>([
		{ kind: "reset" },
		{ kind: "in-chunk", way: "down", share: random.next() },
		{ kind: "in-chunk", way: "up", share: random.next() },
	]);
}

/** Has OUTPUT printed with something happening at each of these places, and compares what the page shows. */
async function recite({ random, cookie }: Scene, places: number[], happen: (scene: Recited) => Promise<void>) {
	using screen = new HeadlessScreen();
	using page = new PageModel({ base: stage.base, cookie, random, screen });
	await page.open();
	const recital = await Recital.begin(page, OUTPUT, screen);
	for (const place of places) {
		recital.printTo(place);
		await recital.untilShown(page, place);
		await happen({ page, recital, place });
	}
	recital.printTo(OUTPUT.length);
	await recital.untilShown(page, OUTPUT.length);
	assert.deepEqual(page.problems, []);
	assertSameScreen(screen.state, await drawn(OUTPUT), `seed ${random.seed}`);
	return { page, recital };
}

test("a page that is cut off within a character or a sequence shows it whole", async (t) => {
	const scene = await setUp(t);
	const { random } = scene;
	await recite(scene, somePlaces(random, 40), async ({ page }) => {
		if (random.isTrue(0.7)) await stage.cutPages(anyStyle(random));
		else await stage.cutLinks(anyStyle(random));
		await page.untilLive();
	});
});

test("a gateway that is killed within a character or a sequence leaves it whole", async (t) => {
	const scene = await setUp(t);
	const { random } = scene;
	await recite(scene, somePlaces(random, 3), async () => await stage.killGateway(random.pick(["SIGKILL", "SIGTERM"])));
});

test("a page that is opened within a character or a sequence shows it whole", async (t) => {
	const scene = await setUp(t);
	const { random, cookie } = scene;
	await using late = new AsyncDisposableStack();
	const latecomers: { page: PageModel; screen: HeadlessScreen; place: number }[] = [];
	const { recital } = await recite(scene, somePlaces(random, 12), async ({ page: { sessionId }, place }) => {
		const screen = late.use(new HeadlessScreen());
		const page = late.use(new PageModel({ base: stage.base, cookie, random, screen }));
		await page.look(sessionId ?? "");
		latecomers.push({ page, screen, place });
	});
	for (const { page, screen, place } of latecomers) {
		await recital.untilShown(page, OUTPUT.length);
		assertSameScreen(screen.state, await drawn(OUTPUT), `opened at byte ${place}, seed ${random.seed}`);
	}
});

type Recited = { page: PageModel; recital: Recital; place: number };
