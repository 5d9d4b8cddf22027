/** Real Chromium: a browser, its profiles, and the terminal page as a person sees it. */
import assert from "node:assert/strict";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { SLOWNESS } from "./patience.ts";

/** Debian's browser; without the later flags it looks for hosts of its maker's on the network. */
const LAUNCH = {
	executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
	args: [
		"--headless",
		"--no-sandbox",
		"--disable-gpu",
		"--disable-quic",
		"--no-first-run",
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
	],
};

/** Long enough for a busy machine with a browser full of pages, short enough that a hang is seen. */
const PATIENCE_MS = 45_000 * SLOWNESS;

/** `extra` are further flags. */
export async function launchBrowser(extra: readonly string[] = []): Promise<Browser> {
	return await chromium.launch({ ...LAUNCH, args: [...LAUNCH.args, ...extra] });
}

export type ProfileOptions = Parameters<Browser["newContext"]>[0];

/** A page in a profile of its own: another person. */
export class TerminalPage {
	readonly page: Page;
	readonly context: BrowserContext;
	/** What the browser complained of: errors of scripts, and what the page's policy refused. */
	readonly complaints: string[] = [];

	static async open(browser: Browser, base: string, options: ProfileOptions = {}): Promise<TerminalPage> {
		const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
		const terminal = new TerminalPage(context, await context.newPage());
		await terminal.page.goto(`${base}/container-terminal`);
		return terminal;
	}

	private constructor(context: BrowserContext, page: Page) {
		this.context = context;
		this.page = page;
		page.setDefaultTimeout(PATIENCE_MS);
		page.on("pageerror", ({ message }) => this.complaints.push(message));
		page.on("console", (message) => {
			if (message.type() === "error") this.complaints.push(message.text());
		});
	}

	/** Waits until the badge says so. */
	async untilState(state: string, code?: string): Promise<void> {
		const withCode = code === undefined ? "" : `[data-code="${code}"]`;
		await this.page.waitForSelector(`[data-testid="connection"][data-state="${state}"]${withCode}`);
	}

	/** Waits until the visible terminal's text matches. */
	async untilText(pattern: RegExp): Promise<string> {
		const { source, flags } = pattern;
		try {
			await this.page.waitForFunction(
				([pattern, modifiers]) => new RegExp(pattern, modifiers).test(window.berth.activeText()),
				[source, flags] as const,
			);
		} catch (cause) {
			throw new Error(`the terminal never showed ${pattern}; it shows:\n${await this.text()}`, { cause });
		}
		return await this.text();
	}

	async text(): Promise<string> {
		return await this.page.evaluate(() => window.berth.activeText());
	}

	/** Types on the keyboard, as a person. */
	async type(text: string): Promise<void> {
		await this.page.keyboard.type(text);
	}

	/** Runs a command line and returns what it printed. */
	async run(command: string): Promise<string> {
		const id = Math.random().toString(36).slice(2, 10);
		await this.type(`echo "<""${id}"; ${command}; echo "${id}"">"\n`);
		const printed = new RegExp(String.raw`<${id}\n([\s\S]*?)${id}>`);
		const [, output = ""] = printed.exec(await this.untilText(printed)) ?? [];
		return output.trim();
	}

	/** Waits for a prompt that takes input. */
	async untilPrompt(): Promise<void> {
		await this.untilState("connected");
		await this.untilText(/[$#] *$/);
	}

	async close(): Promise<void> {
		assert.deepEqual(this.complaints, [], "the browser complained");
		await this.context.close();
	}
}
