/** A real provider, a real gateway that trusts it, and people who sign in at it. */
import assert from "node:assert/strict";
import type { OperationName, OperationResult } from "../../server/protocol/api.ts";
import type { FetchBrowser, Page } from "./fetch-browser.ts";
import { freePort } from "./free-port.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { TestProvider } from "./test-provider.ts";

type Account = OperationResult<"account.read">;

export class OidcStage implements AsyncDisposable {
	readonly provider: TestProvider;
	readonly gateway: GatewayProcess;

	static async start(extra: Record<string, string> = {}): Promise<OidcStage> {
		const gateway = `http://localhost:${await freePort()}${extra.BASE_PATH ?? ""}`;
		const provider = await TestProvider.start({ gateway });
		return new OidcStage(provider, await GatewayProcess.start({ ...provider.environment, ...extra }));
	}

	private constructor(provider: TestProvider, gateway: GatewayProcess) {
		this.provider = provider;
		this.gateway = gateway;
	}

	get base(): string {
		return this.gateway.base;
	}

	/** Signs somebody in, form by form, and returns the page on which it ends. */
	async signIn(browser: FetchBrowser, subject: string): Promise<Page> {
		return await this.comeThrough(browser, await browser.open(`${this.base}/sign-in/oidc`), subject);
	}

	/** From the provider's first page on; `stopAt` as for the browser. */
	async comeThrough(
		browser: FetchBrowser,
		first: Page,
		subject: string,
		stopAt?: (next: URL) => boolean,
	): Promise<Page> {
		return await comeThrough(this.provider.issuer, browser, first, subject, stopAt);
	}

	/** Whom the gateway takes a browser for. */
	async account(browser: FetchBrowser): Promise<Account> {
		const headers = { cookie: browser.cookiesFor(this.base) };
		return (await (await fetch(`${this.base}/api/v1/me`, { headers })).json()) as Account;
	}

	/** As a page of the gateway asks; returns status and body. */
	async ask<Name extends OperationName>(
		browser: FetchBrowser,
		method: string,
		path: string,
	): Promise<{ status: number; body: OperationResult<Name> }> {
		const headers = { cookie: browser.cookiesFor(this.base), origin: new URL(this.base).origin };
		const answer = await fetch(`${this.base}/api/v1${path}`, { method, headers });
		for (const line of answer.headers.getSetCookie()) browser.keepCookie(this.base, line);
		return { status: answer.status, body: (await answer.json()) as OperationResult<Name> };
	}

	/** The audit events that the gateway has logged. */
	audited(action: string): Record<string, unknown>[] {
		const lines = this.gateway.log.split("\n").filter((line) => line.startsWith("{"));
		return lines.map((line) => JSON.parse(line)).filter((line) => line.action === action);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.gateway[Symbol.asyncDispose]();
		await this.provider[Symbol.asyncDispose]();
	}
}

/** Fills in a provider's forms, from its first page on, until they lead elsewhere. */
export async function comeThrough(
	issuer: string,
	browser: FetchBrowser,
	first: Page,
	subject: string,
	stopAt?: (next: URL) => boolean,
): Promise<Page> {
	let page = first;
	for (let count = 0; page.url.origin === issuer && count < 4; count += 1) {
		if (page.status >= 300 && page.status < 400) break;
		assert.equal(page.status, 200, page.html);
		const fields = page.html.includes('value="login"') ? { login: subject, password: "any" } : {};
		page = await browser.submit(page, fields, stopAt);
	}
	return page;
}
