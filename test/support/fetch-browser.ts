/** As much of a browser as signing in needs: cookies by host and path, redirects, forms. No script runs. */
import assert from "node:assert/strict";

type Cookie = { host: string; path: string; name: string; value: string };

export type Page = { url: URL; status: number; html: string; headers: Headers };

const MAX_REDIRECTS = 20;

export class FetchBrowser {
	/** Every address that was asked for, in order. */
	readonly visited: string[] = [];
	#cookies: Cookie[] = [];

	/** Follows redirects, but not to where `stopAt` says: then the answer that leads there is returned. */
	async open(address: string | URL, stopAt: (next: URL) => boolean = () => false): Promise<Page> {
		return await this.#ask(new URL(address), { method: "GET" }, stopAt);
	}

	/** Sends the only form of a page, with these fields besides those that are filled in already. */
	async submit(page: Page, fields: Record<string, string>, stopAt?: (next: URL) => boolean): Promise<Page> {
		const action = unescaped(/<form[^>]*action="([^"]+)"/.exec(page.html)?.[1] ?? "");
		assert.ok(action, `no form at ${page.url}: ${page.html.slice(0, 500)}`);
		const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
		const filled = Object.fromEntries(hidden.map(([, name = "", value = ""]) => [name, unescaped(value)]));
		const body = new URLSearchParams({ ...filled, ...fields });
		return await this.#ask(new URL(action, page.url), { method: "POST", body }, stopAt ?? (() => false));
	}

	/** As `Cookie` has them for this address. */
	cookiesFor(address: string | URL): string {
		const { hostname, pathname } = new URL(address);
		return this.#cookies
			.filter(({ host, path }) => host === hostname && `${pathname}/`.startsWith(path === "/" ? "/" : `${path}/`))
			.map(({ name, value }) => `${name}=${value}`)
			.join("; ");
	}

	/** As `Set-Cookie` has it. */
	keepCookie(address: string | URL, line: string): void {
		const { hostname: host, pathname } = new URL(address);
		const [pair = "", ...attributes] = line.split(/;\s*/);
		const at = pair.indexOf("=");
		const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
		const of = (key: string): string | undefined =>
			attributes.find((each) => each.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
		const path = of("path") ?? (pathname.slice(0, pathname.lastIndexOf("/")) || "/");
		this.#cookies = this.#cookies.filter((each) => each.host !== host || each.path !== path || each.name !== name);
		const isOver = of("max-age") === "0" || new Date(of("expires") ?? "2100-01-01").getTime() < Date.now();
		if (!isOver) this.#cookies.push({ host, path, name, value });
	}

	async #ask(first: URL, init: RequestInit, stopAt: (next: URL) => boolean): Promise<Page> {
		let [url, request] = [first, init];
		for (let count = 0; count < MAX_REDIRECTS; count += 1) {
			this.visited.push(url.href);
			const headers = { cookie: this.cookiesFor(url) };
			const answer = await fetch(url, { ...request, headers, redirect: "manual" });
			for (const line of answer.headers.getSetCookie()) this.keepCookie(url, line);
			const page = { url, status: answer.status, html: await answer.text(), headers: answer.headers };
			const location = answer.headers.get("location");
			if (answer.status < 300 || answer.status >= 400 || location === null) return page;
			const next = new URL(location, url);
			if (stopAt(next)) return page;
			[url, request] = [next, { method: "GET" }];
		}
		throw new Error(`too many redirects: ${this.visited.slice(-MAX_REDIRECTS).join("\n")}`);
	}
}

function unescaped(html: string): string {
	return html.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
