/** More is printed than is kept while nobody reads: the page is told so, and shows what it would have shown. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SeededRandom } from "../support/seeded-random.ts";
import { assertSameScreen, drawn, HeadlessScreen } from "./headless-screen.ts";
import { PageModel } from "./page-model.ts";
import { Recital, until } from "./recital.ts";
import { Stage } from "./stage.ts";

const KIB = 1024;
/** The least that may be set, so that little has to be printed. */
const RING_KIB = 256;
/** More than the agent ever keeps: beside the ring there is room for what is on its way. */
const MUCH_BYTES = (RING_KIB + 200) * KIB;

/** The link is broken by then, and all has been printed when it comes back. */
const PRINTED_AFTER_MS = 600;
/** The gateway gives a link up after 2.5 s. */
const OUTAGE_MS = 2_000;

type Scene = { stage: Stage; random: SeededRandom; cookie: string };

async function setUp(t: TestContext): Promise<Scene> {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`seed ${random.seed}`);
	const stage = await Stage.open("socket", { REPLAY_BUFFER: `${RING_KIB}k` });
	t.after(() => stage[Symbol.asyncDispose]());
	return { stage, random, cookie: await stage.newCookie() };
}

/** Coloured lines that scroll by. */
function lines(random: SeededRandom, line: number): string {
	return `${line} ${colouredText(random)}\x1b[K\r\n`;
}

/** Pictures that are drawn over each other, and now and then another screen: only who has drawn all of it knows it. */
function pictures(random: SeededRandom, number: number): string {
	const interlude = random.isTrue(0.005) ? `\x1b[?1049h\x1b[2J\x1b[5;5Hfull screen ${number}\x1b[?1049l` : "";
	return `${interlude}\x1b[${random.integer(1, 24)};${random.integer(1, 20)}H${number} ${colouredText(random, 3)}`;
}

function outputOf(piece: typeof lines, random: SeededRandom, bytes: number): Buffer {
	const pieces = [Buffer.from("\x1bc")];
	for (let number = 0, length = 0; length < bytes; number += 1) {
		const next = Buffer.from(piece(random, number));
		length += next.length;
		pieces.push(next);
	}
	return Buffer.concat(pieces);
}

function colouredText(random: SeededRandom, most = 6): string {
	const text = random.pick(["plain words", "żółw und Größe", "日本語のテキスト", "┌──┬──┐", "👩 🚀 ✅"]);
	const colour = random.pick(["31", "1;32", "38;5;200", "48;2;1;2;3", "4:3", "7"]);
	return `\x1b[${colour}m${text.repeat(random.integer(1, most))}\x1b[0m`;
}

/** Two pages of one person: one keeps reading and gives the orders, the other one has its troubles. */
async function openTwo({ stage, random, cookie }: Scene, output: Buffer, t: TestContext) {
	const newPage = (base: string) => {
		const screen = new HeadlessScreen();
		const page = new PageModel({ base, cookie, random: random.fork(), screen });
		t.after(() => page[Symbol.dispose]());
		t.after(() => screen[Symbol.dispose]());
		return { page, screen };
	};
	const [steady, troubled] = [newPage(stage.gateway.base), newPage(stage.base)];
	await steady.page.open();
	const recital = await Recital.begin(steady.page, output, steady.screen);
	await troubled.page.look(steady.page.sessionId ?? "");
	return { steady, troubled, recital };
}

for (const [what, piece] of [
	["lines", lines],
	["pictures", pictures],
] as const) {
	test(`a page that was away while more ${what} were printed than are kept is told so, and shows what a page shows that saw all`, async (t) => {
		const scene = await setUp(t);
		const output = outputOf(piece, scene.random, 2 * MUCH_BYTES);
		const { steady, troubled, recital } = await openTwo(scene, output, t);
		// In the midst of something: the snapshot is of a terminal that waits for the rest of it.
		for (const end of [MUCH_BYTES + scene.random.integer(0, 100), output.length]) {
			troubled.page.wire.stayAway();
			await scene.stage.cutPages({ kind: "reset" });
			recital.printTo(end);
			await recital.untilShown(steady.page, end);
			troubled.page.wire.comeBack();
			await recital.untilShown(troubled.page, end);
			const last = troubled.page.attaches.at(-1);
			assert.ok(last !== undefined && last.asked !== null && last.snapshotEnd !== null, JSON.stringify(last));
			assert.ok(last.session.outputStart > last.asked, JSON.stringify(last));
			assertSameScreen(troubled.screen.state, steady.screen.state, `seed ${scene.random.seed}`);
		}
		assert.equal(troubled.screen.resets, 2);
		assert.deepEqual([...steady.page.problems, ...troubled.page.problems], []);
		assert.deepEqual([steady.screen.resets, steady.page.detachments], [0, []]);
		assertSameScreen(troubled.screen.state, await drawn(output), `seed ${scene.random.seed}`);
	});
}

test("a page that was away for less than is kept reads on, and its screen is never emptied", async (t) => {
	const scene = await setUp(t);
	const output = outputOf(lines, scene.random, (RING_KIB / 2) * KIB);
	const { steady, troubled, recital } = await openTwo(scene, output, t);
	troubled.page.wire.stayAway();
	await scene.stage.cutPages({ kind: "reset" });
	recital.printTo(output.length);
	await recital.untilShown(steady.page, output.length);
	troubled.page.wire.comeBack();
	await recital.untilShown(troubled.page, output.length);
	const last = troubled.page.attaches.at(-1);
	assert.deepEqual([last?.from, last?.snapshotEnd], [last?.asked, null]);
	assert.equal(troubled.screen.resets, 0);
	assertSameScreen(troubled.screen.state, await drawn(output), `seed ${scene.random.seed}`);
});

test("a page that draws too slowly beside another one is let go of, comes back by itself and shows the same", async (t) => {
	const scene = await setUp(t);
	const output = outputOf(lines, scene.random, 2 * MUCH_BYTES);
	const { steady, troubled, recital } = await openTwo(scene, output, t);
	troubled.screen.hold();
	recital.printTo(output.length);
	await recital.untilShown(steady.page, output.length);
	await until(() => troubled.page.detachments.length > 0, "the slow page to be let go of");
	troubled.screen.goOn();
	await recital.untilShown(troubled.page, output.length);
	assert.equal(troubled.page.detachments[0], "overrun");
	assert.deepEqual([...steady.page.problems, ...troubled.page.problems], []);
	assert.deepEqual([steady.screen.resets, steady.page.detachments], [0, []]);
	assertSameScreen(troubled.screen.state, await drawn(output), `seed ${scene.random.seed}`);
});

test("pages whose link was gone while more was printed than is kept show what was printed", async (t) => {
	const scene = await setUp(t);
	const output = outputOf(lines, scene.random, MUCH_BYTES);
	const { steady, troubled, recital } = await openTwo(scene, output, t);
	recital.printTo(output.length, PRINTED_AFTER_MS);
	await until(() => steady.page.pendingInput === 0, "the order to arrive");
	await scene.stage.withoutLink(OUTAGE_MS);
	for (const { page, screen } of [steady, troubled]) {
		await recital.untilShown(page, output.length);
		assert.deepEqual(page.problems, []);
		assert.deepEqual([page.detachments, page.wire.breaks], [["link"], 0]);
		assert.notEqual(page.attaches.at(-1)?.snapshotEnd, null);
		assertSameScreen(screen.state, await drawn(output), `seed ${scene.random.seed}`);
	}
});
