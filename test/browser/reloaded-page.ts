/** What a page's terminal shows, before and after the page is loaded anew. */
import assert from "node:assert/strict";
import type { ScreenDump } from "../../web/container-terminal/screen-dump.ts";
import type { TerminalPage } from "../support/browser.ts";
import { PageClient } from "../support/page-client.ts";

const QUIET_MS = 200;
const PATIENCE_MS = 30_000;

/** Null where there is no terminal yet. */
async function dumpOf(person: TerminalPage): Promise<ScreenDump | null> {
	return await person.page.evaluate(() => window.berth.screen());
}

/** What the screen shows once it stays as it is. */
async function untilQuiet(person: TerminalPage): Promise<ScreenDump> {
	const deadline = performance.now() + PATIENCE_MS;
	let last = await dumpOf(person);
	for (;;) {
		await person.page.waitForTimeout(QUIET_MS);
		const now = await dumpOf(person);
		if (now !== null && JSON.stringify(now) === JSON.stringify(last)) return now;
		assert.ok(performance.now() < deadline, "the screen never came to rest");
		last = now;
	}
}

export type ReloadOptions = {
	/** Rows of scrollback that have to be there again; all where it is left out. */
	leastScrollback?: number;
};

/** Loads the page anew and waits until it shows the same; returns what it showed. */
export async function assertSameAfterReload(person: TerminalPage, options: ReloadOptions = {}): Promise<ScreenDump> {
	const before = await untilQuiet(person);
	await person.page.reload();
	await person.untilState("connected");
	const deadline = performance.now() + PATIENCE_MS;
	while (!isSame(before, await dumpOf(person), options) && performance.now() < deadline) {
		await person.page.waitForTimeout(QUIET_MS / 2);
	}
	const now = await untilQuiet(person);
	assert.ok(now.normal.scrollback >= (options.leastScrollback ?? before.normal.scrollback), "scrollback is there");
	assert.deepEqual(now, withScrollback(before, now.normal.scrollback));
	return before;
}

function isSame(before: ScreenDump, now: ScreenDump | null, { leastScrollback }: ReloadOptions): boolean {
	if (now === null || now.normal.scrollback < (leastScrollback ?? before.normal.scrollback)) return false;
	return JSON.stringify(now) === JSON.stringify(withScrollback(before, now.normal.scrollback));
}

/** As it would be with no more than so many rows above the screen. */
function withScrollback(dump: ScreenDump, scrollback: number): ScreenDump {
	const { rows } = dump.normal;
	const kept = Math.min(scrollback, dump.normal.scrollback);
	const newest = rows.slice(dump.normal.scrollback - kept);
	return { ...dump, normal: { ...dump.normal, rows: newest, scrollback: kept } };
}

/** Most times that a program is asked to print. */
const MOST_TIMES = 100;

/** Counts what the person's first session prints, beside the page. */
export class OutputWitness implements Disposable {
	readonly #client: PageClient;

	static async of({ context }: TerminalPage, base: string): Promise<OutputWitness> {
		const [cookie] = await context.cookies();
		assert.ok(cookie, "the person has a cookie");
		return new OutputWitness(await PageClient.connect(base, `${cookie.name}=${cookie.value}`));
	}

	private constructor(client: PageClient) {
		this.#client = client;
	}

	/** Makes a program print, again and again, until it has printed so many bytes. */
	async untilPrinted(bytes: number, print: () => Promise<void>): Promise<void> {
		const goal = (await this.untilSilent()) + bytes;
		for (let times = 0; (await this.untilSilent()) < goal; times += 1) {
			assert.ok(times < MOST_TIMES, "the program prints too little");
			await print();
		}
	}

	/** Has something print at least so many bytes. */
	async untilPrintedAll(bytes: number, print: () => Promise<void>): Promise<void> {
		const goal = (await this.untilSilent()) + bytes;
		await print();
		const deadline = performance.now() + PATIENCE_MS;
		while ((await this.#end()) < goal) {
			assert.ok(performance.now() < deadline, "it never printed so much");
			await pause();
		}
		await this.untilSilent();
	}

	/** Bytes printed so far, once no more are. */
	async untilSilent(): Promise<number> {
		const deadline = performance.now() + PATIENCE_MS;
		let last = -1;
		for (;;) {
			const end = await this.#end();
			if (end === last) return end;
			assert.ok(performance.now() < deadline, "it never fell silent");
			last = end;
			await pause();
		}
	}

	async #end(): Promise<number> {
		const { sessions } = await this.#client.ask("session:list", {});
		return sessions[0]?.outputEnd ?? 0;
	}

	[Symbol.dispose](): void {
		this.#client[Symbol.dispose]();
	}
}

async function pause(): Promise<void> {
	await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
}
