/** Two pages of one person on one session: what happens to one of them is not the other's business. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom } from "../support/seeded-random.ts";
import { OutputWorkload } from "./output-workload.ts";
import { PageModel } from "./page-model.ts";
import { AfterStart } from "./program.ts";
import { Progress } from "./progress.ts";
import { ScreenModel } from "./screen-model.ts";
import { Stage } from "./stage.ts";

const BYTES = 6_000_000;

class Reader {
	readonly page: PageModel;
	readonly progress = new Progress();

	constructor(base: string, cookie: string, random: SeededRandom, workload: () => OutputWorkload) {
		const reader = new AfterStart((bytes) => {
			workload().read(bytes);
			this.progress.advanceTo(workload().position);
		});
		const screen = new ScreenModel(random.fork(), (bytes) => this.progress.attempt(() => reader.read(bytes)));
		this.page = new PageModel({ base, cookie, random: random.fork(), screen });
	}

	async untilEnd(): Promise<void> {
		await this.progress.reach(Number.POSITIVE_INFINITY, () => this.page.description);
	}
}

test("a page whose connection breaks all the time has every byte, and the other page of the session never notices", async (t) => {
	const random = SeededRandom.fromEnvironment();
	t.diagnostic(`seed ${random.seed}`);
	// However far behind the restless page is, nothing is overwritten.
	await using stage = await Stage.open("socket", { REPLAY_BUFFER: "16m" });
	const cookie = await stage.newCookie();

	const told = new OutputWorkload(BYTES, (text) => calm.page.type(text));
	const calm = new Reader(stage.gateway.base, cookie, random, () => told);
	using calmPage = calm.page;
	const untold = new OutputWorkload(BYTES, () => {});
	const restless = new Reader(stage.base, cookie, random, () => untold);
	using restlessPage = restless.page;

	await calmPage.open();
	await restlessPage.look(calmPage.sessionId ?? "");
	calmPage.type(told.command);
	told.limitTo(Number.POSITIVE_INFINITY);
	let isOver = false;
	const ended = calm.untilEnd().finally(() => {
		isOver = true;
	});
	while (!isOver) {
		await restlessPage.untilLive();
		await stage.cutPages(random.isTrue(0.5) ? { kind: "reset" } : { kind: "late", lateMs: random.integer(0, 50) });
	}
	await ended;
	await restless.untilEnd();

	assert.deepEqual([...calmPage.problems, ...restlessPage.problems], []);
	const { attaches, detachments, wire } = calmPage;
	assert.deepEqual([attaches.length, detachments.length, wire.breaks], [1, 0, 0]);
	assert.ok(restlessPage.attaches.length > 5, `attached ${restlessPage.attaches.length} times`);
});
