/** Input whose fate the page does not know is sent again: it arrives once all the same. */
import assert from "node:assert/strict";
import { after, before, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "../support/seeded-random.ts";
import { MIRROR } from "./input-workload.ts";
import { PageModel, type PageScreen } from "./page-model.ts";
import { AfterStart, startOf } from "./program.ts";
import { until } from "./recital.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
before(async () => {
	stage = await Stage.open("socket");
});
after(() => stage[Symbol.asyncDispose]());

/** A page whose program prints what it reads. */
class MirroredPage {
	readonly random: SeededRandom;
	readonly page: PageModel;
	typed = "";
	mirrored = "";
	#isStarted = false;

	static async open(t: TestContext): Promise<MirroredPage> {
		const random = SeededRandom.fromEnvironment();
		t.diagnostic(`seed ${random.seed}`);
		const mirrored = new MirroredPage(random, await stage.newCookie());
		t.after(() => mirrored.page[Symbol.dispose]());
		await mirrored.page.open();
		mirrored.page.type(startOf(MIRROR));
		await until(() => mirrored.#isStarted, "the program");
		return mirrored;
	}

	private constructor(random: SeededRandom, cookie: string) {
		this.random = random;
		const reader = new AfterStart((bytes) => {
			this.#isStarted = true;
			this.mirrored += bytes.toString("latin1");
		});
		this.page = new PageModel({ base: stage.base, cookie, random, screen: readBy(reader) });
	}

	type(text: string): void {
		this.typed += text;
		this.page.type(text);
	}

	/** Resolves once everything typed has come back. */
	async untilMirrored(): Promise<void> {
		await until(
			() => this.mirrored.length >= this.typed.length && this.page.pendingInput === 0,
			() => `${this.typed.length - this.mirrored.length} characters to come: ${this.page.description}`,
		);
		assert.equal(this.mirrored, this.typed, `seed ${this.random.seed}`);
	}
}

function readBy(reader: AfterStart): PageScreen {
	return {
		write: (bytes, onParsed) => {
			reader.read(bytes);
			onParsed();
		},
		reset: (onDone) => onDone(),
		resize: () => {},
	};
}

test("input that arrived, but whose acknowledgement was lost with the connection, arrives once", async (t) => {
	const mirrored = await MirroredPage.open(t);
	const { random, page } = mirrored;
	for (let round = 0; round < 25; round += 1) {
		await page.untilLive();
		// Nothing more comes down: neither the acknowledgement nor what the program prints.
		const cut = stage.cutPages({ kind: "in-chunk", way: "down", share: 0 });
		for (let i = 0; i < random.integer(1, 8); i += 1) mirrored.type(`${round}.${i};`);
		await cut;
	}
	await mirrored.untilMirrored();
	assert.ok(page.attaches.length > 10, `${page.attaches.length} attachments`);
});

test("input that was on its way up when the connection broke arrives once, however late", async (t) => {
	const mirrored = await MirroredPage.open(t);
	const { random, page } = mirrored;
	for (let round = 0; round < 25; round += 1) {
		await page.untilLive();
		const style = random.pick(["late", "in-chunk"] as const);
		const cut =
			style === "late"
				? stage.cutPages({ kind: style, lateMs: random.integer(0, 300) })
				: stage.cutPages({ kind: style, way: "up", share: random.next() });
		for (let i = 0; i < random.integer(1, 8); i += 1) mirrored.type(`${round}.${i};`);
		await cut;
	}
	await mirrored.untilMirrored();
});

test("input that was under way when the link broke arrives once", async (t) => {
	const mirrored = await MirroredPage.open(t);
	const { random } = mirrored;
	for (let round = 0; round < 25; round += 1) {
		const way = random.pick(["up", "down"] as const);
		const cut = stage.cutLinks({ kind: "in-chunk", way, share: random.next() });
		for (let i = 0; i < random.integer(1, 8); i += 1) mirrored.type(`${round}.${i};`);
		await cut;
		if (random.isTrue(0.5)) await mirrored.untilMirrored();
	}
	await mirrored.untilMirrored();
	assert.equal(mirrored.page.wire.breaks, 0, "the page's own connection lasted");
});

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
	test(`what is typed before, while and after the gateway is gone (${signal}) arrives once and in order`, async (t) => {
		const mirrored = await MirroredPage.open(t);
		let isOver = false;
		const typing = (async () => {
			for (let i = 0; !isOver && i < 10_000; i += 1) {
				mirrored.type(`${i};`);
				await sleep(5);
			}
		})();
		await sleep(100);
		await stage.killGateway(signal);
		await mirrored.page.untilLive();
		await sleep(100);
		isOver = true;
		await typing;
		await mirrored.untilMirrored();
	});
}
