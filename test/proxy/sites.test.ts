/** The examples of deploy/proxy with the real programs: what people need comes through, at a host of its own or below a path. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApiClient } from "../support/api-client.ts";
import { firstOperator, PASSWORD, printedLink } from "../support/members.ts";
import { PageClient } from "../support/page-client.ts";
import { TestCertificate } from "../support/test-certificate.ts";
import { Site, type SiteOptions } from "./site.ts";

const SITES: Record<string, Omit<SiteOptions, "certificate">> = {
	"nginx, a host of its own": { proxy: "nginx" },
	"nginx, below a path that it passes on": { proxy: "nginx", path: "/berth" },
	"nginx, below a path that it takes away": { proxy: "nginx", path: "/berth", isStripped: true },
	"Caddy, a host of its own": { proxy: "caddy" },
	"Caddy, below a path that it passes on": { proxy: "caddy", path: "/berth" },
	"Caddy, below a path that it takes away": { proxy: "caddy", path: "/berth", isStripped: true },
};

let certificate: TestCertificate;

before(() => {
	certificate = TestCertificate.trusted();
});
after(() => {
	certificate?.[Symbol.dispose]();
});

for (const [name, options] of Object.entries(SITES)) {
	describe(name, () => {
		let site: Site;

		before(async () => {
			site = await Site.start({ ...options, certificate, settings: { SIGN_IN: "anonymous,password" } });
		});
		after(async () => {
			await site?.[Symbol.asyncDispose]();
		});

		test("the pages and all that they name are there, and all addresses lead to them", async () => {
			const browser = new ApiClient(site.base);
			const named: string[] = [];
			for (const path of ["/container-terminal", "/sign-in", "/invitation", "/account"]) {
				const response = await browser.fetch(path);
				const html = await response.text();
				assert.equal(response.status, 200, path);
				assert.equal(response.headers.get("strict-transport-security"), "max-age=31536000");
				const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = ""]) => part);
				assert.ok(parts.length >= 3, html);
				named.push(...parts.map((part) => new URL(part, `${site.base}${path}`).href));
			}
			for (const address of new Set(named)) {
				assert.ok(address.startsWith(`${site.base}/`), address);
				const part = await browser.fetch(address.slice(site.base.length));
				await part.arrayBuffer();
				assert.equal(part.status, 200, address);
			}
			const page = `${site.base}/container-terminal`;
			const manifest = named.find((address) => address.endsWith(".webmanifest")) ?? "";
			const { start_url: start } = (await (await fetch(manifest)).json()) as { start_url: string };
			assert.equal(new URL(start, manifest).href, page);
			for (const path of ["", "/", "/container-terminal/"]) {
				const answer = await fetch(`${site.base}${path}`);
				await answer.arrayBuffer();
				assert.equal(answer.url, page, path);
			}
			assert.equal((await fetch(`${site.base}/api/v1/me`)).status, 200);
			assert.equal((await fetch(`${site.base}/healthz`)).status, 200);
		});

		test("the cookie is bound to the host and to HTTPS", async () => {
			const response = await fetch(`${site.base}/container-terminal`);
			await response.arrayBuffer();
			assert.match(
				response.headers.getSetCookie().join(),
				/^__Host-berth_guest=\S+; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
			);
		});

		test("a sign-in works, by a link to where people are, and its cookies are bound as well", async () => {
			assert.ok(printedLink(site.gateway)?.startsWith(`${site.base}/invitation#`));
			const operator = await firstOperator(site.gateway);
			const response = await operator.fetch("/api/v1/sign-ins/password", {
				method: "POST",
				body: JSON.stringify({ name: "root of all", password: PASSWORD }),
				headers: { "content-type": "application/json" },
			});
			assert.equal(response.status, 200);
			for (const line of response.headers.getSetCookie()) {
				assert.match(
					line,
					/^__Host-berth_\w+=.*; Path=\/; HttpOnly; Secure; (SameSite=Lax|Partitioned; SameSite=None)$/,
				);
			}
			using page = await PageClient.connect(site.base, operator.cookie);
			assert.equal(page.welcome?.user.displayName, "root of all");
		});

		for (const transport of ["websocket", "polling"] as const) {
			test(`a terminal works by ${transport}`, async () => {
				using page = await PageClient.connect(site.base, undefined, transport);
				await page.untilReady();
				const screen = await page.open();
				assert.equal(await page.run(screen, "echo $((40 + 2))"), "42");
				const flood = await page.run(screen, "seq 1 20000");
				assert.equal(flood.split("\n").length, 20_000);
			});
		}
	});
}
