/** What an issuer's server can make the gateway wait for and keep. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { boundedFetch, ISSUER_LIMIT_MS } from "../../server/authenticators/bounded-fetch.ts";

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
	const server = createServer(listener).listen(0, "127.0.0.1");
	await once(server, "listening");
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test("an answer is whole when it comes", async (t) => {
	const address = await serve(t, (request, response) => response.end(`${request.method} ${request.headers.accept}`));
	const answer = await boundedFetch(address, { headers: { accept: "application/json" } });
	assert.equal(await answer.text(), "GET application/json");
	assert.equal((await boundedFetch(await serve(t, (_, response) => response.writeHead(204).end()))).status, 204);
});

test("an answer without end is given up", async (t) => {
	let sent = 0;
	const address = await serve(t, (_request, response) => {
		const more = (): void => {
			while (!response.destroyed && response.write("x".repeat(64 * 1024))) sent += 1;
		};
		response.on("drain", more);
		more();
	});
	await assert.rejects(boundedFetch(address), /more than 1048576 bytes/);
	assert.ok(sent < 1_000, `${sent} pieces`);
});

test("an answer that does not come is given up", async (t) => {
	for (const listener of [() => {}, (_: unknown, response: { write(text: string): void }) => response.write("{")]) {
		const start = performance.now();
		await assert.rejects(boundedFetch(await serve(t, listener)), { name: "TimeoutError" });
		assert.ok(performance.now() - start >= ISSUER_LIMIT_MS - 100);
	}
});

test("a redirect is an answer, and leads nowhere", async (t) => {
	const inside = await serve(t, () => assert.fail("it was followed"));
	const address = await serve(t, (_request, response) => response.writeHead(302, { location: inside }).end());
	assert.equal((await boundedFetch(address)).status, 302);
});
