/** Everything below `BASE_PATH`, and below what `PUBLIC_URL` has more than that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

async function statusOf(url: string): Promise<number> {
	const response = await fetch(url, { redirect: "manual" });
	await response.arrayBuffer();
	return response.status;
}

async function whereTo(url: string): Promise<string | null> {
	const response = await fetch(url, { redirect: "manual" });
	await response.arrayBuffer();
	assert.ok([302, 303].includes(response.status), `${url}: ${response.status}`);
	return response.headers.get("location");
}

test("below a path there are page, assets, API, terminal and health, and beside it nothing but health", async () => {
	await using gateway = await GatewayProcess.start({ BASE_PATH: "/teach/berth" });
	assert.match(gateway.base, /^http:\/\/localhost:\d+\/teach\/berth$/);
	const html = await (await fetch(`${gateway.base}/container-terminal`)).text();
	for (const [, path = ""] of html.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)) {
		assert.equal(await statusOf(new URL(path, `${gateway.base}/container-terminal`).href), 200, path);
	}
	assert.equal(await statusOf(`${gateway.base}/api/v1/me`), 200);
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	assert.equal(await page.run(await page.open(), "echo below"), "below");
	const { origin } = new URL(gateway.base);
	for (const path of ["/healthz", "/readyz"]) {
		assert.equal(await statusOf(`${gateway.base}${path}`), 200);
		assert.equal(await statusOf(`${origin}${path}`), 200, "whoever asks from beside it need not know the path");
	}
	const polling = "/socket.io/?EIO=4&transport=polling";
	for (const path of ["/", "/container-terminal", "/api/v1/me", polling, "/teach", "/TEACH/BERTH/container-terminal"]) {
		assert.equal(await statusOf(`${origin}${path}`), 404, path);
	}
});

test("redirects lead to where browsers see the page, and a slash too many is taken away", async () => {
	await using below = await GatewayProcess.start({ BASE_PATH: "/berth" });
	for (const path of ["", "/", "/container-terminal/"]) {
		assert.equal(await whereTo(`${below.base}${path}`), "/berth/container-terminal", path);
	}
	await using stripped = await GatewayProcess.start({ PUBLIC_URL: "https://apps.example.org/berth" });
	const local = `http://localhost:${stripped.port}`;
	for (const path of ["/", "/container-terminal/"]) {
		assert.equal(await whereTo(`${local}${path}`), "/berth/container-terminal", path);
	}
});

test("where everybody has to sign in, the way there is below the path as well", async () => {
	await using gateway = await GatewayProcess.start({ BASE_PATH: "/berth", SIGN_IN: "password" });
	assert.equal(await whereTo(`${gateway.base}/container-terminal`), "/berth/sign-in");
});

test("a crowd at the page does not make health fail, at either address", async () => {
	await using gateway = await GatewayProcess.start({ BASE_PATH: "/berth", REQUESTS_PER_ADDRESS: "1" });
	const statuses = await Promise.all(Array.from({ length: 12 }, () => statusOf(`${gateway.base}/icon.svg`)));
	assert.ok(statuses.includes(429));
	assert.equal(await statusOf(`${gateway.base}/healthz`), 200);
	assert.equal(await statusOf(`http://localhost:${gateway.port}/healthz`), 200);
});
