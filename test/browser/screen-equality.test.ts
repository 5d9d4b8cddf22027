/** A page that comes later shows what a page shows that was there all the time, and goes on the same. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launchBrowser, TerminalPage } from "../support/browser.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient, type Screen } from "../support/page-client.ts";
import { TestPool } from "../support/test-pool.ts";
import { begin, commandOf, drawn, markOf } from "./printed-programs.ts";
import { assertSameAfterReload, OutputWitness } from "./reloaded-page.ts";
import { PROGRAMS, type Program } from "./snapshot-programs.ts";

/** The least that can be set. */
const RING_BYTES = 256 * 1024;
/** So much output behind what a program has drawn: who comes now cannot be shown it by sending it again. */
const BEYOND_RING_BYTES = 1.25 * RING_BYTES;
const FLOOD_BYTES = 20e6;
/** Lines above the screen that come back after a flood, at least. */
const FLOOD_SCROLLBACK = 1_000;

let pool: TestPool;
let gateway: GatewayProcess;
let browser: Browser;

before(async () => {
	pool = new TestPool({ MAX_CONTAINERS: "1", REPLAY_BUFFER: String(RING_BYTES), CONTAINER_CPUS: "2" });
	gateway = await GatewayProcess.start(pool.environment);
	browser = await launchBrowser();
});
after(async () => {
	await browser?.close();
	await gateway?.[Symbol.asyncDispose]();
	await pool[Symbol.asyncDispose]();
});

test("sequences of all kinds, printed long ago, show the same to who comes now, and go on the same", async (t) => {
	using early = await PageClient.connect(gateway.base);
	using late = await PageClient.connect(gateway.base, early.cookie);
	await early.untilReady();
	for (const program of PROGRAMS) await t.test(program.title, async () => await compare(program, early, late));
});

async function compare(program: Program, early: PageClient, late: PageClient): Promise<void> {
	const seen = await begin(early, program, BEYOND_RING_BYTES);
	try {
		const fresh = await late.attach(seen.sessionId);
		await late.until(() => fresh.offset === seen.offset, "all of the output");
		assert.ok(fresh.text.length < BEYOND_RING_BYTES, "not all of it was sent again");
		assert.deepEqual(await drawn(fresh), await drawn(seen));
		early.type(seen, " ");
		await early.until(() => hasRested(seen), "what remains");
		await late.until(() => hasRested(fresh), "what remains");
		assert.deepEqual(await drawn(fresh), await drawn(seen));
	} finally {
		await early.ask("session:close", { sessionId: seen.sessionId });
	}
}

function hasRested({ text }: Screen): boolean {
	return text.endsWith(markOf("rested"));
}

async function newcomer(): Promise<TerminalPage> {
	const person = await TerminalPage.open(browser, gateway.base);
	await person.untilPrompt();
	return person;
}

/** As if it had been typed, at once. */
async function press(person: TerminalPage, keys: string): Promise<void> {
	await person.page.evaluate((keys) => window.berth.type(keys), keys);
}

/** A program at work. */
type Work = {
	title: string;
	start: string;
	isShown: RegExp;
	/** Makes it draw everything again, some times over. */
	redraw: string;
	goOn: string;
	isRight: RegExp;
	/** Rows above the screen that come back at least; all where it is left out. */
	leastScrollback?: number;
};

const WORK: Work[] = [
	{
		title: "vim with syntax colours",
		start: "vim -c 'syntax on | set ruler cursorline | 40' /usr/lib/python3.11/ast.py\r",
		isShown: /\n +40 +flags/,
		redraw: ":for i in range(40) | redraw! | endfor\r",
		goOn: ":5\rO# a new line\x1b",
		isRight: /\n +5 +# a new line/,
	},
	{
		title: "less in a long file",
		start: "less -N +200 /usr/lib/python3.11/ast.py\r",
		isShown: /\n +200 /,
		redraw: "\x0c".repeat(40),
		goOn: "5g",
		isRight: /\n +5 /,
		// It is set up to stay on the main screen, where what it draws again scrolls by.
		leastScrollback: FLOOD_SCROLLBACK,
	},
	{
		title: "tmux with splits",
		start: `${[
			"tmux -f /dev/null new",
			"set -g mouse on",
			"set -g automatic-rename off",
			"set -g status-right x",
			"splitw -h",
			"splitw -v",
		].join(" \\; ")}\r`,
		isShown: /│[\s\S]*\$ *\n[\s\S]*├/,
		redraw: "for i in {1..40}; do tmux refresh-client; done\r",
		goOn: "echo $((40+2))\r",
		isRight: /│42/,
	},
];

for (const { title, start, isShown, redraw, goOn, isRight, ...options } of WORK) {
	test(`a page that is loaded anew shows ${title} as it was, and it goes on`, async () => {
		const person = await newcomer();
		await press(person, start);
		await person.untilText(isShown);
		using witness = await OutputWitness.of(person, gateway.base);
		await witness.untilPrinted(BEYOND_RING_BYTES, () => press(person, redraw));
		await assertSameAfterReload(person, options);
		await press(person, goOn);
		await person.untilText(isRight);
		await person.close();
	});
}

test("a page that is loaded anew shows htop as it was, and it goes on", async () => {
	const person = await newcomer();
	// The shell would take it back from a program that is stopped; another shell in between does not.
	await press(person, "bash -c 'htop -d 100; true'\r");
	await person.untilText(/F10Quit/);
	using witness = await OutputWitness.of(person, gateway.base);
	await witness.untilPrinted(BEYOND_RING_BYTES, () => press(person, "\x0c".repeat(40)));
	await inOtherTab(person, "pkill -STOP -x htop");
	const { active } = await assertSameAfterReload(person);
	assert.equal(active, "alternate");
	await inOtherTab(person, "pkill -CONT -x htop");
	await press(person, "\x1bOP");
	await person.untilText(/Press any key to return/);
	await person.close();
});

/** Runs a command in the second tab, and comes back. */
async function inOtherTab(person: TerminalPage, command: string): Promise<void> {
	const tabs = person.page.locator('[data-testid="tab"]');
	if ((await tabs.count()) === 1) await person.page.click('[data-testid="new-tab"]');
	else await tabs.nth(1).click();
	await person.untilPrompt();
	await person.run(command);
	await tabs.nth(0).click();
}

test("a page that is loaded anew shows the end of 20 MB of output, and the prompt below it works", async () => {
	const person = await newcomer();
	const line = "\\033[3%dmline %07d \\033[0m%s\\n";
	const flood = `awk 'BEGIN { for (i = 0; i < 200000; i++) printf "${line}", i % 8, i, "${"=".repeat(84)}" }'\r`;
	using witness = await OutputWitness.of(person, gateway.base);
	await witness.untilPrintedAll(FLOOD_BYTES, () => press(person, flood));
	assert.match(await person.text(), /line 0199999 =+\n.*\$ *$/);
	await assertSameAfterReload(person, { leastScrollback: FLOOD_SCROLLBACK });
	assert.equal(await person.run("echo it works"), "it works");
	await person.close();
});

const SHOWN_IN_PAGE = PROGRAMS.filter(({ title }) => /Unicode|palette|first byte|numbers/.test(title));

test("a page that is loaded anew shows what other terminals do, in its own colours", async (t) => {
	const person = await newcomer();
	using witness = await OutputWitness.of(person, gateway.base);
	for (const program of SHOWN_IN_PAGE) {
		await t.test(program.title, async () => {
			await witness.untilPrintedAll(BEYOND_RING_BYTES, () =>
				press(person, `${commandOf(program, BEYOND_RING_BYTES)}\r`),
			);
			await assertSameAfterReload(person);
			await press(person, " ");
			await witness.untilSilent();
			await assertSameAfterReload(person);
			await press(person, " ");
			await person.untilPrompt();
		});
	}
	await person.close();
});
