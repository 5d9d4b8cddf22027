import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { encodeFrame, encodeJsonFrame, encodeOffsetFrame, FrameType } from "../../server/protocol/frames.ts";
import { LINK_PROTOCOL_VERSION } from "../../server/protocol/link.ts";
import { AgentProcess } from "./agent-process.ts";
import { ADA, DEFAULT_LIMITS, DEFAULT_POLICY, DEFAULT_SIZE, type LinkClient, newPageId } from "./link-client.ts";

const HELLO = { protocol: LINK_PROTOCOL_VERSION, role: "gateway", gateway: "test", policy: DEFAULT_POLICY };

async function expectBye(link: LinkClient, code: string): Promise<void> {
	await link.until(() => link.isClosed, "the end of the link");
	assert.equal(link.bye?.code, code);
}

test("the agent says who it is, and every start is another one", async () => {
	await using agent = await AgentProcess.start();
	const { hello } = await agent.link();
	assert.deepEqual(
		{ ...hello, bootId: "" },
		{ protocol: LINK_PROTOCOL_VERSION, role: "agent", bootId: "", isHardened: false, mode: "local", sessions: 0 },
	);
	await using second = await AgentProcess.start();
	assert.notEqual((await second.link()).hello?.bootId, hello?.bootId);
});

test("a gateway of another version is told so", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link(null);
	link.sendHello({ protocol: LINK_PROTOCOL_VERSION + 1, role: "gateway", novelty: true });
	await expectBye(link, "PROTOCOL_MISMATCH");
});

test("a link that says anything before hello, says it wrongly or twice is closed", async () => {
	await using agent = await AgentProcess.start();
	const eager = await agent.link(null);
	eager.requestRaw({ op: "list", username: "ada" }).catch(() => {});
	await expectBye(eager, "BAD_REQUEST");
	const wrong = await agent.link(null);
	wrong.sendHello({ ...HELLO, policy: { ...DEFAULT_POLICY, replayBytes: -1 } });
	await expectBye(wrong, "BAD_REQUEST");
	assert.match(wrong.bye?.detail ?? "", /policy\.replayBytes/);
	const twice = await agent.link();
	twice.sendHello(HELLO);
	await expectBye(twice, "BAD_REQUEST");
});

test("garbage closes the link that sent it and no other", async () => {
	await using agent = await AgentProcess.start();
	const good = await agent.link();
	const terminal = await good.openTerminal();
	const garbage = [
		randomBytes(4096),
		Buffer.alloc(100),
		Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		encodeFrame(FrameType.request, 1, Buffer.from("{ not json")),
		encodeJsonFrame(FrameType.request, 1, 42),
		encodeJsonFrame(FrameType.response, 1, { ok: true }),
		encodeOffsetFrame(FrameType.output, 1, 0, Buffer.from("x")),
		encodeFrame(FrameType.credit, 1, Buffer.from("short")),
		encodeFrame(FrameType.input, 1),
		encodeFrame(FrameType.ping, 0, Buffer.alloc(65)),
	];
	for (const bytes of garbage) {
		const bad = await agent.link();
		bad.socket.write(bytes);
		await expectBye(bad, "BAD_REQUEST");
	}
	good.type(terminal, "echo un'harmed'\n");
	await good.see(terminal, "unharmed");
});

test("half a frame and then silence harms nobody, and the end of that link is clean", async () => {
	await using agent = await AgentProcess.start();
	const half = await agent.link();
	half.socket.write(encodeJsonFrame(FrameType.request, 1, { op: "list", username: "ada" }).subarray(0, 12));
	const link = await agent.link();
	await link.openTerminal();
	await half.close();
	await link.ping();
});

test("requests that do not parse are answered with the field that is wrong, and the link goes on", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const attachment = { channel: 1, pageId: newPageId(), size: DEFAULT_SIZE };
	const open = { op: "open", account: ADA, limits: DEFAULT_LIMITS, name: "shell", attachment };
	const cases: [object, RegExp][] = [
		[{}, /^op: /],
		[{ op: "destroy" }, /^op: /],
		[{ op: "list" }, /^username: /],
		[{ op: "list", username: "../etc" }, /^username: /],
		[{ ...open, account: { username: "ada", uid: 0 } }, /^account\.uid: /],
		[{ ...open, account: { username: "ada", uid: 2 ** 32 } }, /^account\.uid: /],
		[{ ...open, attachment: { ...attachment, channel: 0 } }, /^attachment\.channel: /],
		[{ ...open, attachment: { ...attachment, size: { cols: 1e9, rows: 1 } } }, /^attachment\.size\.cols: /],
		[{ ...open, attachment: { ...attachment, size: { cols: 80.5, rows: 1 } } }, /^attachment\.size\.cols: /],
		[{ ...open, name: "x".repeat(65) }, /^name: /],
		[{ op: "attach", username: "ada", sessionId: "short", attachment, from: null }, /^sessionId: /],
		[{ op: "signal", username: "ada", sessionId: "A".repeat(22), signal: "SIGSEGV" }, /^signal: /],
		[{ op: "homes", after: 7 }, /^after: /],
	];
	for (const [request, detail] of cases) {
		await assert.rejects(link.requestRaw(request), { code: "BAD_REQUEST", detail });
	}
	await link.openTerminal();
	assert.ok(!existsSync(agent.workspace) || statSync(agent.workspace).isDirectory());
});

test("a channel serves one attachment and is never used again", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const { sessionId, log } = await link.openTerminal();
	const again = { channel: log.channel, pageId: newPageId(), size: DEFAULT_SIZE };
	const attach = { op: "attach", username: ADA.username, sessionId, attachment: again, from: null } as const;
	await assert.rejects(link.request<"attach">(attach), { code: "BAD_REQUEST", detail: /^channel: / });
	await link.request<"detach">({ op: "detach", channel: log.channel });
	await assert.rejects(link.request<"attach">(attach), { code: "BAD_REQUEST", detail: /^channel: / });
	await link.request<"detach">({ op: "detach", channel: 4_000_000 });
});

test("pings are answered, before hello as well", async () => {
	await using agent = await AgentProcess.start();
	const silent = await agent.link(null);
	assert.ok((await silent.ping()) < 1_000);
});

test("many sessions open at once", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ sessions: 100 });
	const terminals = await Promise.all(Array.from({ length: 40 }, () => link.openTerminal()));
	assert.equal(new Set(terminals.map(({ sessionId }) => sessionId)).size, 40);
	await Promise.all(
		terminals.map(async (terminal, i) => {
			link.type(terminal, `echo number-$((${i} + 1000))\n`);
			await link.see(terminal, `number-${i + 1000}`);
		}),
	);
});

test("the socket is for the owner and the folder's group alone", async () => {
	await using agent = await AgentProcess.start();
	assert.equal(statSync(agent.socketPath).mode & 0o777, 0o660);
});

test("local mode reports no homes: nothing there belongs to an account", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	await link.openTerminal();
	assert.deepEqual(await link.request<"homes">({ op: "homes", after: "" }), { homes: [], next: null });
});

test("neither input nor output reaches the log", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "echo hunter2-$((40 + 2))\n");
	await link.see(terminal, "hunter2-42");
	link.type(terminal, "exit\n");
	await link.exit(terminal.sessionId);
	await sleep(20);
	assert.ok(!agent.log.includes("hunter2"), agent.log);
	for (const line of agent.log.trim().split("\n")) assert.ok(JSON.parse(line).time);
});
