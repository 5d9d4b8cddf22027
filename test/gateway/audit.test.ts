/** What a real gateway writes down, and that it is whole however the gateway ends. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { AuditLine, AuditVerdict } from "../../server/protocol/api.ts";
import { BerthCommand } from "../support/berth-command.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { PageClient } from "../support/page-client.ts";
import { SLOWNESS } from "../support/patience.ts";

const PATIENCE_MS = 20_000 * SLOWNESS;
/** Nothing answers there, so that `berth` works on the store. */
const NO_PORT = "2";

type Running = { gateway: GatewayProcess; berth: BerthCommand };

async function start(t: TestContext, environment: Record<string, string> = {}): Promise<Running> {
	const gateway = await GatewayProcess.start(environment);
	t.after(() => gateway[Symbol.asyncDispose]());
	const berth = new BerthCommand({ DATA_DIR: gateway.dataDir, PORT: new URL(gateway.base).port });
	return { gateway, berth };
}

const allLines = async ({ berth }: Running): Promise<AuditLine[]> => await berth.lines("audit", "export");
const verdictOf = async ({ berth }: Running): Promise<AuditVerdict> => await berth.json("audit", "verify");

/** The lines, once there is one of this kind. */
async function linesWith(running: Running, isIt: (line: AuditLine) => boolean): Promise<AuditLine[]> {
	const deadline = performance.now() + PATIENCE_MS;
	for (;;) {
		const lines = await allLines(running);
		if (lines.some(isIt) || performance.now() > deadline) return lines;
		await sleep(100);
	}
}

test("a start is written down with all settings but the secret ones, a reload and the end as well", async (t) => {
	const secret = "a-secret-that-must-not-be-seen-anywhere";
	const running = await start(t, { COOKIE_SECRET: secret, MAX_CONTAINERS: "7", ALLOWED_ORIGINS: "https://a.example" });
	running.gateway.signal("SIGHUP");
	await linesWith(running, ({ action }) => action === "gateway.reloaded");
	await running.gateway.stop();
	const lines = await allLines(running);
	assert.deepEqual(
		lines.map(({ action, actor }) => [action, actor]),
		[
			["gateway.started", "gateway"],
			["gateway.reloaded", "gateway"],
			["gateway.stopped", "gateway"],
		],
	);
	const { details } = lines[0] ?? assert.fail();
	assert.deepEqual(
		[details.MAX_CONTAINERS, details.ALLOWED_ORIGINS, details.COOKIE_SECRET, details.JWT_SECRET],
		[7, "https://a.example", "set", null],
	);
	assert.ok(!JSON.stringify(lines).includes(secret));
	assert.ok(!readFileSync(join(running.gateway.dataDir, "berth.sqlite")).includes(secret));
});

test("sessions are written down with who, from where and in which container, and nothing of what is in them", async (t) => {
	const running = await start(t);
	using page = await PageClient.connect(running.gateway.base);
	await page.untilReady();
	const one = await page.open("secret-name");
	const two = await page.open();
	await page.run(one, "echo secret-$((40 + 2))");
	using again = await PageClient.connect(running.gateway.base, page.cookie);
	await again.untilReady();
	await again.attach(one.sessionId);
	await page.ask("session:close", { sessionId: one.sessionId });
	page.type(two, "exit 3\r");
	const lines = await linesWith(running, ({ details }) => details.exitCode === 3);
	const ofSessions = lines.filter(({ action }) => action.startsWith("session."));
	const { userId } = (await running.berth.json<{ userId: string }[]>("user", "list"))[0] ?? assert.fail();
	assert.deepEqual(
		ofSessions.map(({ action, actor, address, details, subject }) => [
			...[action, actor, address, subject === userId, details.sessionId, details.container, details.why],
		]),
		[
			["session.opened", `user:${userId}`, "127.0.0.1", true, one.sessionId, "local-1", undefined],
			["session.opened", `user:${userId}`, "127.0.0.1", true, two.sessionId, "local-1", undefined],
			["session.attached", `user:${userId}`, "127.0.0.1", true, one.sessionId, "local-1", undefined],
			["session.ended", `user:${userId}`, "127.0.0.1", true, one.sessionId, "local-1", "closed"],
			["session.ended", "gateway", null, true, two.sessionId, "local-1", "exited"],
		],
	);
	assert.doesNotMatch(JSON.stringify(lines), /secret-(name|42)/);
});

test("limits that people run into are written down, once", async (t) => {
	const running = await start(t, { SESSIONS_PER_USER: "1", CONNECTIONS_PER_USER: "1", REQUESTS_PER_ADDRESS: "30" });
	using page = await PageClient.connect(running.gateway.base);
	await page.untilReady();
	await page.open();
	const size = { cols: 80, rows: 24 };
	for (let time = 0; time < 5; time += 1) await page.request("session:open", { pageId: page.pageId, name: "x", size });
	using other = new PageClient(running.gateway.base, page.cookie);
	await new Promise((resolve) => other.socket.once("connect_error", resolve));
	other.socket.disconnect();
	const statuses = await Promise.all(
		Array.from({ length: 400 }, async () => {
			const response = await fetch(`${running.gateway.base}/container-terminal`);
			await response.arrayBuffer();
			return response.status;
		}),
	);
	assert.ok(statuses.includes(429));
	// This address may ask for nothing now, `berth` included.
	await running.gateway.stop();
	const hits = (await allLines(running)).filter(({ action }) => action === "limit.hit");
	assert.deepEqual(hits.map(({ result, actor }) => [result, actor.replace(/:.*/, "")]).sort(), [
		["RATE_LIMITED", "nobody"],
		["TOO_MANY_PAGES", "user"],
		["TOO_MANY_SESSIONS", "user"],
	]);
	assert.ok(hits.every(({ address }) => address === "127.0.0.1"));
});

test("who asks for what is not theirs is written down, once a minute for each", async (t) => {
	const running = await start(t);
	const cookie = await PageClient.newCookie(running.gateway.base);
	for (let time = 0; time < 20; time += 1) {
		const response = await fetch(`${running.gateway.base}/api/v1/audit`, { headers: { cookie } });
		assert.equal(response.status, 403);
		await response.arrayBuffer();
	}
	const refused = (await allLines(running)).filter(({ action }) => action === "api.refused");
	assert.deepEqual(
		refused.map(({ result, details }) => [result, details.operation]),
		[["FORBIDDEN", "audit.list"]],
	);
});

test("a gateway that is killed leaves a whole log, and goes on with it", async (t) => {
	const running = await start(t);
	for (let round = 0; round < 3; round += 1) {
		using page = await PageClient.connect(running.gateway.base);
		await page.untilReady();
		await page.open();
		const { userId } = (await running.berth.json<{ userId: string }[]>("user", "list")).at(-1) ?? assert.fail();
		await running.berth.json("user", "tier", userId, "premium");
		await running.gateway.stop("SIGKILL");
		page.socket.disconnect();
		const before = await allLines(running);
		assert.equal(before.at(-1)?.action, "user.changed", "it was written before it was answered");
		assert.deepEqual((await verdictOf(running)).problems, []);
		await running.gateway.start();
	}
	assert.deepEqual((await verdictOf(running)).problems, []);
});

test("the gateway and berth on its store write at once, and the log stays whole", async (t) => {
	const running = await start(t);
	const { berth } = running;
	rmSync(join(running.gateway.dataDir, "gateway-address"));
	const onStore = new BerthCommand({ ...berth.environment, PORT: NO_PORT });
	const names = ["a", "b", "c", "d"];
	const said = await Promise.all(
		names.flatMap((name) => [
			onStore.run("token", "add", `store-${name}`),
			berth.run("token", "add", `gateway-${name}`),
		]),
	);
	assert.deepEqual(
		said.filter(({ code }) => code !== 0),
		[],
	);
	assert.ok(said[0]?.stderr.includes("using the store in"));
	assert.ok(said[1]?.stderr.includes("using the gateway at"));
	const added = (await allLines(running)).filter(({ action }) => action === "token.added");
	assert.deepEqual(
		added.map(({ actor, subject }) => `${actor} ${subject}`).sort(),
		names.flatMap((name) => [`console store-${name}`, `token:local gateway-${name}`]).sort(),
	);
	assert.deepEqual((await verdictOf(running)).problems, []);
});

test("old lines go by AUDIT_RETENTION", async (t) => {
	const running = await start(t, { AUDIT_RETENTION: "1s" });
	const lines = await linesWith(running, ({ action }) => action === "audit.pruned");
	assert.ok(!lines.some(({ action }) => action === "gateway.started"));
	assert.deepEqual((await verdictOf(running)).problems, []);
});

test("key, head, token and database are their owner's alone", async (t) => {
	const { gateway } = await start(t);
	assert.equal(statSync(gateway.dataDir).mode & 0o077, 0);
	for (const name of ["audit-key", "audit-head", "operator-token"]) {
		assert.equal(statSync(join(gateway.dataDir, name)).mode & 0o777, 0o600, name);
	}
});
