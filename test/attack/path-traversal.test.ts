/** Ways out of the folder that the page is served from, on a real gateway. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

const FILES = ["package.json", "server/main.ts", "data/cookie-secret", "etc/passwd", ".git/config"];
const UPS = [
	"../",
	"..%2f",
	"%2e%2e/",
	"%2e%2e%2f",
	"..%5c",
	"..\\",
	"....//",
	"%252e%252e%252f",
	"..%c0%af",
	"./../",
	"..;/",
	"%00../",
];
const STARTS = ["/", "/assets/", "/container-terminal/", "//", "/assets/./"];

let gateway: GatewayProcess;

before(async () => {
	gateway = await GatewayProcess.start({});
});
after(async () => {
	await gateway?.[Symbol.asyncDispose]();
});

/** As it stands: `fetch` would tidy the path. */
async function get(path: string): Promise<string> {
	const socket = connect(Number(new URL(gateway.base).port), "127.0.0.1");
	await once(socket, "connect");
	socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
	return await text(socket);
}

test("no path leads out of the page's folder, however it is written", async () => {
	const paths = STARTS.flatMap((start) => UPS.flatMap((up) => FILES.map((file) => `${start}${up.repeat(6)}${file}`)));
	for (const path of [...paths, "http://localhost/../package.json", "/assets/%00", "/%", "/assets/", "/."]) {
		const answer = await get(path);
		assert.match(answer, /^HTTP\/1\.1 (301|302|400|403|404) /, path);
		assert.doesNotMatch(answer, /"name": "berth"|root:x:0|startGateway|repositoryformatversion/, path);
	}
});

test("an answer says nothing of where things are on the host", async () => {
	for (const path of ["/nothing", "/assets/%00", "/%", "/socket.io/?EIO=9", "/socket.io/"]) {
		const answer = await get(path);
		assert.doesNotMatch(answer, /\/server\/|node_modules|\.ts\b|at .*\(/, path);
		assert.doesNotMatch(answer, /x-powered-by|^server:/im, path);
	}
});

test("a session's name and a user's name are never a path", async () => {
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const size = { cols: 80, rows: 24 };
	for (const sessionId of ["../../../etc/passwd", "..", "/", "a/../b", "%2e%2e"]) {
		const request = { pageId: page.pageId, sessionId, from: null, size };
		const reply = await page.request("session:attach", request);
		assert.equal(reply.ok ? "" : reply.error.code, "BAD_REQUEST", sessionId);
	}
	const { session } = await page.ask("session:open", { pageId: page.pageId, name: "../../up", size });
	assert.equal(session.name, "../../up", "it is text, and nothing is made of it");
});
