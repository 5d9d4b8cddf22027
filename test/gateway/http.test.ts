/** The HTTP side on a real gateway in local mode, and the life of its process. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({});
});
after(async () => {
	await gateway[Symbol.asyncDispose]();
});

/** `fetch` does not let anybody set `Host`. */
async function statusWithHost(path: string, host: string): Promise<number | undefined> {
	return await new Promise((resolve, reject) => {
		request(new URL(path, gateway.base), { headers: { host } }, (response) => {
			response.resume();
			resolve(response.statusCode);
		})
			.on("error", reject)
			.end();
	});
}

test("the page comes with a cookie that scripts cannot read and a policy without inline script", async () => {
	const response = await fetch(`${gateway.base}/container-terminal`);
	const html = await response.text();
	assert.equal(response.status, 200);
	assert.match(response.headers.get("set-cookie") ?? "", /HttpOnly; SameSite=Lax/i);
	assert.match(response.headers.get("content-security-policy") ?? "", /script-src 'self';/);
	assert.equal(response.headers.get("cache-control"), "no-store");
	assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/, "no inline script");
	assert.doesNotMatch(html, /\son\w+=/, "no inline handler");
});

test("a visitor who has a cookie stays who they are", async () => {
	const cookie = await PageClient.newCookie(gateway.base);
	const again = await fetch(`${gateway.base}/container-terminal`, { headers: { cookie } });
	await again.arrayBuffer();
	assert.ok(again.headers.get("set-cookie")?.startsWith(`${cookie};`));
});

test("the front door leads to the terminal", async () => {
	const response = await fetch(`${gateway.base}/`);
	assert.equal(new URL(response.url).pathname, "/container-terminal");
	await response.arrayBuffer();
});

test("assets may be kept for a year, and nothing outside the built page is served", async () => {
	const html = await (await fetch(`${gateway.base}/container-terminal`)).text();
	const [, script] = /src="\.?(\/?[^"]*assets\/[^"]+\.js)"/.exec(html) ?? [];
	assert.ok(script, "the page names a script");
	const asset = await fetch(new URL(script, `${gateway.base}/`));
	await asset.arrayBuffer();
	assert.equal(asset.status, 200);
	assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
	for (const path of ["/..%2fpackage.json", "/assets/..%2f..%2f..%2fpackage.json", "/package.json", "/nothing"]) {
		const response = await fetch(`${gateway.base}${path}`);
		const { error } = (await response.json()) as { error: { code: string } };
		assert.equal(response.status, error.code === "BAD_REQUEST" ? 400 : 404, path);
	}
});

test("health and readiness answer", async () => {
	const health = await fetch(`${gateway.base}/healthz`);
	assert.deepEqual(await health.json(), { status: "ok" });
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	assert.deepEqual(await gateway.readiness(), {
		httpStatus: 200,
		status: "ready",
		engine: "up",
		containers: { ready: 1, wanted: 1 },
	});
});

test("a name that was pointed at this machine gets nothing in local mode", async () => {
	assert.equal(await statusWithHost("/container-terminal", "evil.example"), 403);
	assert.equal(await statusWithHost("/container-terminal", "localhost:1"), 200);
});

test("neither cookies nor input nor output get into the log", async () => {
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const screen = await page.open();
	assert.match(await page.run(screen, "echo secret-$((40 + 2))"), /secret-42/);
	assert.doesNotMatch(gateway.log, /secret-/);
	assert.ok(!gateway.log.includes(page.cookie.split("=")[1] ?? "no cookie"));
});

test("SIGTERM tells the pages and ends with code 0, and a restart on the same data knows everybody", async () => {
	await using own = await GatewayProcess.start({});
	using page = await PageClient.connect(own.base);
	const name = page.welcome?.user.username;
	const told = new Promise<void>((resolve) => page.socket.once("gateway:closing", () => resolve()));
	const [code] = await Promise.all([own.stop(), told]);
	assert.equal(code, 0);
	await own.start();
	using again = await PageClient.connect(own.base, page.cookie);
	assert.equal(again.welcome?.user.username, name);
});

test("a wrong configuration stops the start with a line per problem and its own exit code", () => {
	const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "../../server/main.ts")], {
		env: { PATH: process.env.PATH, PORT: "http", MAX_CONTAINERS: "0" },
		encoding: "utf8",
	});
	assert.equal(status, 2);
	assert.deepEqual(stderr.trim().split("\n"), [
		'PORT: "http" must be a whole number from 0 to 65535',
		'MAX_CONTAINERS: "0" must be a whole number from 1 to 500',
	]);
});
