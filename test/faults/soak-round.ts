/** One session of the soak: it is opened, floods, suffers whatever chance has for it, and is closed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CutStyle } from "../support/cuttable-proxy.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { PageModel } from "./page-model.ts";
import { until } from "./recital.ts";
import { ScreenModel } from "./screen-model.ts";
import type { Stage } from "./stage.ts";

const TAIL_LENGTH = 1_000;
const LONGEST_PAUSE_MS = 120;
const LONGEST_ABSENCE_MS = 300;
/** A flood takes a second; it may be held up by all that happens. */
const FLOOD_PATIENCE_MS = 60_000;
const END_WORD = "flood-over";
/** A round ends in one of these ways: the session is closed, its shell ends first, or it is left to be found later. */
const ENDINGS = ["close", "close", "exit", "forget"] as const;
/** How often sessions that were left are looked for; each time those that are there are closed. */
const CLOSING_ROUNDS = 50;

type Mishap = "cut" | "cut link" | "reload" | "second page" | "absence" | "nothing";
const MISHAPS: readonly Mishap[] = ["cut", "cut link", "reload", "reload", "second page", "absence", "nothing"];

export type Person = { stage: Stage; cookie: string; random: SeededRandom };

export class FloodRound {
	readonly #person: Person;
	#page: PageModel;
	/** The newest output, one character for each byte. */
	#tail = "";

	/** Closes every session of this person. */
	static async closeAll(person: Person): Promise<void> {
		using page = new FloodRound(person).#page;
		for (let round = 0; round < CLOSING_ROUNDS; round += 1) {
			const reply = await page.wire.request("session:list", {});
			if (reply.ok && reply.sessions.length === 0) return;
			const sessions = reply.ok ? reply.sessions : [];
			for (const { sessionId } of sessions) await page.wire.request("session:close", { sessionId });
			await sleep(LONGEST_PAUSE_MS);
		}
		throw new Error(`sessions could not be closed: ${page.description}`);
	}

	constructor(person: Person) {
		this.#person = person;
		this.#page = this.#newPage();
	}

	async run(lines: number): Promise<void> {
		const { random } = this.#person;
		try {
			await this.#page.open();
			this.#page.type(`seq -f 'line %09.0f of a flood' 1 ${lines}; echo flood-'over'\r`);
			const deadline = performance.now() + FLOOD_PATIENCE_MS;
			while (!this.#tail.includes(END_WORD)) {
				await sleep(random.integer(0, LONGEST_PAUSE_MS));
				await this.#suffer(random.pick(MISHAPS));
				const isLate = performance.now() > deadline;
				if (isLate || this.#page.problems.length > 0) throw new Error(`${this.#page.description}, ${this.#tail}`);
			}
			await this.#end(random.pick(ENDINGS));
		} finally {
			this.#page[Symbol.dispose]();
		}
	}

	#newPage(onBytes: (bytes: Uint8Array) => void = (bytes) => this.#note(bytes)): PageModel {
		const { stage, cookie, random } = this.#person;
		return new PageModel({ base: stage.base, cookie, random, screen: new ScreenModel(random.fork(), onBytes) });
	}

	#note(bytes: Uint8Array): void {
		this.#tail = (this.#tail + Buffer.from(bytes).toString("latin1")).slice(-TAIL_LENGTH);
	}

	async #suffer(mishap: Mishap): Promise<void> {
		const { stage, random } = this.#person;
		if (mishap === "cut") await stage.cutPages(this.#anyStyle());
		else if (mishap === "cut link") await stage.cutLinks(this.#anyStyle());
		else if (mishap === "reload") await this.#reload();
		else if (mishap === "second page") await this.#lookTwice();
		else if (mishap === "absence") {
			this.#page.wire.stayAway();
			await stage.cutPages({ kind: "reset" });
			await sleep(random.integer(0, LONGEST_ABSENCE_MS));
			this.#page.wire.comeBack();
		}
	}

	#anyStyle(): CutStyle {
		const { random } = this.#person;
		return random.isTrue(0.5)
			? { kind: "reset" }
			: { kind: "in-chunk", way: random.pick(["up", "down"] as const), share: random.next() };
	}

	async #reload(): Promise<void> {
		const { sessionId, pendingInput } = this.#page;
		// What was typed and not sent would go with the page.
		if (pendingInput > 0) return;
		this.#page[Symbol.dispose]();
		this.#tail = "";
		this.#page = this.#newPage();
		if (sessionId !== null) await this.#page.look(sessionId);
	}

	async #lookTwice(): Promise<void> {
		const { sessionId } = this.#page;
		if (sessionId === null) return;
		using page = this.#newPage(() => {});
		await page.look(sessionId);
		await sleep(this.#person.random.integer(0, LONGEST_PAUSE_MS));
	}

	async #end(ending: (typeof ENDINGS)[number]): Promise<void> {
		if (ending === "forget") return;
		if (ending === "close") {
			await this.#page.close();
			return;
		}
		this.#page.type("exit\r");
		await until(
			() => this.#page.pendingInput === 0,
			() => `the shell to end: ${this.#page.description}`,
		);
	}
}
