/** Hiding what was done: forging the log with the database at hand, filling it, writing lines of one's own into it. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import { AuditChain, BEGINNING } from "../../server/core/audit-chain.ts";
import type { AuditLine } from "../../server/protocol/api.ts";
import { AuditFixture } from "../support/audit-fixture.ts";
import { BerthCommand } from "../support/berth-command.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";

/** Writes the whole chain anew with a key of one's own, after something was changed. */
function rechain(log: AuditFixture, hashOf: (before: Buffer, text: string) => Buffer): void {
	log.tamper("UPDATE audit SET line = replace(line, 'user:ada', 'user:bob') WHERE seq = 5");
	const sqlite = new Sqlite(log.file);
	const rows = sqlite.prepare<[], { seq: number; line: string }>("SELECT seq, line FROM audit ORDER BY seq").all();
	let before = BEGINNING.hash;
	for (const { seq, line } of rows) {
		before = hashOf(before, line);
		sqlite.prepare("UPDATE audit SET hash = ? WHERE seq = ?").run(before, seq);
	}
	sqlite.close();
}

test("whoever can write the database, and knows how the log is made, cannot forge it without the key", async (t) => {
	const plain = (before: Buffer, text: string): Buffer =>
		createHmac("sha256", "").update("line\0").update(before).update(text).digest();
	const zeros = new AuditChain(Buffer.alloc(32));
	for (const hashOf of [plain, (hash: Buffer, text: string) => zeros.hashOf({ hash }, text)]) {
		const log = new AuditFixture(t);
		log.write(20);
		log.reopen();
		rechain(log, hashOf);
		assert.equal((await log.audit.verify()).isWhole, false);
	}
});

test("a hash that the log itself made is no use elsewhere: not as a seal, not for another line", async (t) => {
	const log = new AuditFixture(t);
	log.write(20);
	log.reopen();
	log.tamper(
		"INSERT INTO audit_pruned SELECT 1, 10, (SELECT hash FROM audit WHERE seq = 10), hash FROM audit WHERE seq = 11",
		"DELETE FROM audit WHERE seq <= 10",
	);
	assert.equal((await log.audit.verify()).isWhole, false);
});

async function start(t: TestContext, environment: Record<string, string> = {}) {
	const gateway = await GatewayProcess.start(environment);
	t.after(() => gateway[Symbol.asyncDispose]());
	return { gateway, berth: new BerthCommand({ DATA_DIR: gateway.dataDir }) };
}

test("a guest who asks for what is not theirs, attaches without end and runs into limits writes few lines", async (t) => {
	const { gateway, berth } = await start(t, { REQUESTS_PER_USER: "100000", REQUESTS_PER_ADDRESS: "100000" });
	using page = await PageClient.connect(gateway.base);
	await page.untilReady();
	const headers = { cookie: page.cookie };
	const screen = await page.open();
	await Promise.all(
		Array.from({ length: 300 }, async () => {
			await (await fetch(`${gateway.base}/api/v1/audit`, { headers })).arrayBuffer();
			await (await fetch(`${gateway.base}/api/v1/users/somebody-else`, { headers })).arrayBuffer();
		}),
	);
	using other = await PageClient.connect(gateway.base, page.cookie);
	await other.untilReady();
	const size = { cols: 80, rows: 24 };
	for (let time = 0; time < 300; time += 1) {
		await other.request("session:attach", { pageId: other.pageId, sessionId: screen.sessionId, from: null, size });
		await other.request("session:detach", { sessionId: screen.sessionId });
		if (time % 10 === 0) await other.request("session:open", { pageId: other.pageId, name: "x", size });
	}
	const lines = await berth.lines<AuditLine>("audit", "export");
	const ofGuest = lines.filter(({ actor }) => actor.startsWith("user:"));
	// Twice each, where a minute ended meanwhile.
	assert.ok(ofGuest.length <= 2 * 110, `${ofGuest.length} lines`);
	assert.ok(ofGuest.length >= 100);
});

test("strangers who fail to sign in again and again write few lines", async (t) => {
	const settings = { SIGN_IN: "jwt,anonymous", JWT_ISSUER: "https://a.example", JWT_AUDIENCE: "berth" };
	const { gateway, berth } = await start(t, {
		...{ ...settings, JWT_SECRET: "s".repeat(32), REQUESTS_PER_ADDRESS: "100000" },
	});
	await Promise.all(
		Array.from({ length: 1_000 }, async () => {
			const response = await fetch(`${gateway.base}/api/v1/sign-ins/jwt`, {
				method: "POST",
				headers: { origin: gateway.base, "content-type": "application/json" },
				body: JSON.stringify({ token: "a.b.c" }),
			});
			await response.arrayBuffer();
		}),
	);
	const lines = (await berth.lines<AuditLine>("audit", "export")).filter(({ actor }) => actor === "nobody");
	assert.ok(lines.length > 0 && lines.length <= 2 * 401, `${lines.length} lines`);
});

test("what a stranger sends makes no line of its own, however it looks like one", async (t) => {
	const { gateway, berth } = await start(t, { SIGN_IN: "password,anonymous" });
	const line = '"}\n{"seq":1,"action":"gateway.stopped","actor":"gateway"}\r\n\u0000\u2028';
	for (const name of [line, "\ud800", "x\u0000y"]) {
		const response = await fetch(`${gateway.base}/api/v1/sign-ins/password`, {
			method: "POST",
			headers: { origin: gateway.base, "content-type": "application/json" },
			body: JSON.stringify({ name, password: line }),
		});
		assert.ok(response.status >= 400);
		await response.arrayBuffer();
	}
	const { stdout } = await berth.run("audit", "export");
	const lines = stdout
		.trim()
		.split("\n")
		.map((each) => JSON.parse(each) as AuditLine);
	assert.ok(!lines.some(({ action }) => action === "gateway.stopped"));
	assert.equal((await berth.run("audit", "verify")).code, 0);
});
