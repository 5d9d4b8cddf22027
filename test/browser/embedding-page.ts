/** A platform's page around the terminal, on a site of its own, that writes down what the terminal says. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SignJWT } from "jose";
import type { Browser, BrowserContext, Frame, Page } from "playwright-core";
import { SLOWNESS } from "../support/patience.ts";

/** The page that the documentation gives as an example. */
const EXAMPLE = readFileSync(join(import.meta.dirname, "../../docs/embedding-example.html"), "utf8");
const SECRET = "a secret of the platform and the gateway";
const ISSUER = "https://school.example.org";
const AUDIENCE = "https://shell.example.org";
const PATIENCE_MS = 45_000 * SLOWNESS;

export type Report = { berth: number; type: string; [field: string]: unknown };

declare global {
	interface Window {
		/** What the page was told, in order. */
		reports: { data: Report; origin: string }[];
	}
}

/** Serves the platform's pages at 127.0.0.1: another site than the gateway's localhost. */
export class Platform implements AsyncDisposable {
	readonly #server: Server;
	/** The gateway whose terminal it shows; known once that has started. */
	gateway = "";
	/** Who is signed in at the platform. */
	person = "ada";
	/** Tokens that it was asked for. */
	tokens = 0;

	static async start(): Promise<Platform> {
		const platform = new Platform();
		platform.#server.listen(0, "127.0.0.1");
		await once(platform.#server, "listening");
		return platform;
	}

	private constructor() {
		this.#server = createServer(async (request, response) => {
			if (request.method === "POST") {
				this.tokens += 1;
				response.end(await tokenFor(this.person));
			} else response.setHeader("Content-Type", "text/html").end(this.#page(request.url ?? ""));
		});
	}

	get origin(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	/** What makes a gateway let this platform in. */
	get environment(): Record<string, string> {
		return {
			SIGN_IN: "jwt",
			JWT_ISSUER: ISSUER,
			JWT_AUDIENCE: AUDIENCE,
			JWT_SECRET: SECRET,
			EMBED_ORIGINS: `https://elsewhere.example.org,${this.origin}`,
		};
	}

	/** The example's page; `/silent` is one that does nothing but show a frame, which tests fill and speak for. */
	async visit(browser: Browser, path = "/"): Promise<PageAround> {
		const context = await browser.newContext();
		const page = await context.newPage();
		page.setDefaultTimeout(PATIENCE_MS);
		await page.addInitScript(() => {
			window.reports = [];
			addEventListener("message", ({ data, origin }) => window.reports.push({ data, origin }));
		});
		await page.goto(`${this.origin}${path}`);
		return new PageAround(context, page);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.closeAllConnections();
		this.#server.close();
		await once(this.#server, "close");
	}

	#page(url: string): string {
		if (url.startsWith("/silent"))
			return `<!doctype html><input id="own"><iframe id="berth" title="Terminal"></iframe>`;
		return EXAMPLE.replace("https://shell.example.org", this.gateway);
	}
}

export async function tokenFor(person: string): Promise<string> {
	return await new SignJWT({ name: person })
		.setProtectedHeader({ alg: "HS256" })
		.setIssuer(ISSUER)
		.setAudience(AUDIENCE)
		.setSubject(person)
		.setJti(randomUUID())
		.setIssuedAt()
		.setExpirationTime("1m")
		.sign(new TextEncoder().encode(SECRET));
}

/** The platform's page in a browser, and the terminal in it. */
export class PageAround implements AsyncDisposable {
	readonly page: Page;
	readonly #context: BrowserContext;

	constructor(context: BrowserContext, page: Page) {
		this.#context = context;
		this.page = page;
	}

	get context(): BrowserContext {
		return this.#context;
	}

	/** The terminal's own frame. */
	get frame(): Frame {
		const [, frame] = this.page.frames();
		if (frame === undefined) throw new Error("the page has no frame");
		return frame;
	}

	/** Loads this address into the frame. */
	async show(address: string): Promise<void> {
		const shown = this.page.waitForEvent("framenavigated", (frame) => frame.parentFrame() === this.page.mainFrame());
		await this.page.evaluate((src) => document.querySelector("iframe")?.setAttribute("src", src), address);
		await shown;
	}

	/** Waits for a message of this type, beyond the first `after` of all, and returns it. */
	async untilTold(type: string, after = 0): Promise<Report> {
		const handle = await this.page.waitForFunction(
			([type, after]) => window.reports.slice(after).find(({ data }) => data.type === type)?.data,
			[type, after] as const,
		);
		return (await handle.jsonValue()) as Report;
	}

	async reports(): Promise<{ data: Report; origin: string }[]> {
		return await this.page.evaluate(() => window.reports);
	}

	/** Says something to the terminal as the page around it. */
	async say(message: unknown): Promise<void> {
		await this.page.evaluate((message) => {
			const frame = document.querySelector("iframe");
			frame?.contentWindow?.postMessage(message, "*");
		}, message);
	}

	/** Waits until the terminal in the frame shows text that matches. */
	async untilText(pattern: RegExp): Promise<string> {
		await this.frame.waitForFunction(
			([source, flags]) => new RegExp(source, flags).test(window.berth.activeText()),
			[pattern.source, pattern.flags] as const,
			{ timeout: PATIENCE_MS },
		);
		return await this.frame.evaluate(() => window.berth.activeText());
	}

	async untilPrompt(): Promise<void> {
		await this.frame.waitForSelector('[data-testid="connection"][data-state="connected"]', { state: "attached" });
		await this.untilText(/[$#] *$/);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#context.close();
	}
}
