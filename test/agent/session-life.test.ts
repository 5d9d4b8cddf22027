import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcess } from "../../container-image/agent/processes.ts";
import { SessionId } from "../../server/protocol/ids.ts";
import { AgentProcess } from "./agent-process.ts";
import { ADA, BOB, type LinkClient, newPageId, type Terminal } from "./link-client.ts";

/** A number that the shell prints behind a label, e.g. `pid=123`. */
async function ask(link: LinkClient, terminal: Terminal, label: string, expression: string): Promise<number> {
	link.type(terminal, `echo ${label}''=${expression}.\n`);
	const pattern = new RegExp(`${label}=(\\d+)\\.`);
	await link.see(terminal, pattern);
	return Number(pattern.exec(terminal.log.text)?.[1]);
}

async function untilGone(pid: number): Promise<void> {
	const deadline = performance.now() + 5_000;
	while (readProcess(pid) !== null) {
		if (performance.now() > deadline) throw new Error(`process ${pid} still runs`);
		await sleep(10);
	}
}

test("a shell that is killed reports the signal", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "kill -9 $$\n");
	const { state } = await link.exit(terminal.sessionId);
	assert.ok(state.kind === "exited");
	assert.deepEqual([state.exitCode, state.signal], [null, "SIGKILL"]);
});

test("an exited session stays readable until it is closed", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "echo still-'here'; exit\n");
	const { sessionId } = terminal;
	const info = await link.exit(sessionId);
	const again = await link.attachTerminal(sessionId);
	assert.equal(again.session.state.kind, "exited");
	await link.until(() => again.log.end === info.outputEnd, "all output");
	assert.match(again.log.text, /still-here/);
	await link.request<"close">({ op: "close", username: ADA.username, sessionId });
	await link.event("session-closed", (event) => event.sessionId === sessionId);
	await assert.rejects(link.attachTerminal(sessionId), { code: "SESSION_NOT_FOUND" });
});

test("a program left behind that holds the terminal keeps no ended session alive, and ends soon after it", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "(trap '' HUP; exec sleep 30) & disown\n");
	const left = await ask(link, terminal, "left", "$!");
	link.type(terminal, "exit 4\n");
	const { state } = await link.exit(terminal.sessionId);
	assert.equal(state.kind === "exited" && state.exitCode, 4);
	await untilGone(left);
});

test("a program left behind that floods the terminal does not keep an ended session alive either", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "(trap '' HUP; exec yes) & disown\n");
	await link.until(() => terminal.log.received > 100_000, "a flood");
	link.type(terminal, "exit 5\n");
	const info = await link.exit(terminal.sessionId);
	assert.equal(info.state.kind === "exited" && info.state.exitCode, 5);
	await link.until(() => terminal.log.end === info.outputEnd, "all output");
	await sleep(100);
	const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
	assert.equal(sessions[0]?.outputEnd, info.outputEnd, "the end is final");
});

test("the number of running sessions is limited per user, exited ones do not count", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ sessions: 2 });
	const first = await link.openTerminal();
	await link.openTerminal();
	await assert.rejects(link.openTerminal(), { code: "TOO_MANY_SESSIONS" });
	await link.openTerminal({ account: BOB });
	link.type(first, "exit\n");
	await link.exit(first.sessionId);
	await link.openTerminal();
	const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
	assert.deepEqual(
		sessions.map(({ state }) => state.kind),
		["exited", "running", "running"],
	);
});

test("of exited sessions the last eight are kept", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const ids: SessionId[] = [];
	for (let i = 0; i < 9; i += 1) {
		const terminal = await link.openTerminal();
		link.type(terminal, "exit\n");
		await link.exit(terminal.sessionId);
		ids.push(terminal.sessionId);
	}
	await link.event("session-closed", ({ sessionId }) => sessionId === ids[0]);
	const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
	assert.deepEqual(
		sessions.map(({ sessionId }) => sessionId),
		ids.slice(1),
	);
});

test("another user's session answers as one that does not exist, to every request", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const { sessionId: existing } = await link.openTerminal();
	const missing = SessionId.parse("A".repeat(22));
	const username = BOB.username;
	for (const sessionId of [existing, missing]) {
		const notFound = { code: "SESSION_NOT_FOUND", detail: undefined };
		await assert.rejects(link.attachTerminal(sessionId, { username }), notFound);
		await assert.rejects(link.request<"close">({ op: "close", username, sessionId }), notFound);
		await assert.rejects(link.request<"rename">({ op: "rename", username, sessionId, name: "x" }), notFound);
		await assert.rejects(link.request<"signal">({ op: "signal", username, sessionId, signal: "SIGKILL" }), notFound);
	}
	const { sessions } = await link.request<"list">({ op: "list", username });
	assert.deepEqual(sessions, []);
});

test("the size follows the page that attached, resized or typed last", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const wide = await link.openTerminal({ size: { cols: 120, rows: 40 } });
	const expectSize = async (cols: number, rows: number) => {
		link.type(wide, "stty size | tr ' ' x\n");
		await link.see(wide, new RegExp(`[\\r\\n]${rows}x${cols}\\r`));
	};
	await expectSize(120, 40);
	const small = await link.attachTerminal(wide.sessionId, { size: { cols: 40, rows: 10 } });
	assert.deepEqual(small.session.size, { cols: 40, rows: 10 });
	await link.request<"resize">({ op: "resize", channel: wide.log.channel, size: { cols: 101, rows: 31 } });
	await expectSize(101, 31);
	await link.request<"resize">({ op: "resize", channel: small.log.channel, size: { cols: 41, rows: 11 } });
	await link.event("session-changed", ({ session }) => session.size.cols === 41);
	await link.request<"detach">({ op: "detach", channel: small.log.channel });
	await expectSize(101, 31);
	await assert.rejects(link.request<"resize">({ op: "resize", channel: 99, size: { cols: 80, rows: 24 } }), {
		code: "SESSION_NOT_ATTACHED",
	});
});

test("a signal reaches the program in the foreground and leaves the shell alone", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	const { sessionId } = terminal;
	link.type(terminal, "echo go; sleep 60; echo status-$?\n");
	await link.see(terminal, /[\r\n]go\r/);
	await sleep(50);
	await link.request<"signal">({ op: "signal", username: ADA.username, sessionId, signal: "SIGTERM" });
	await link.see(terminal, "status-143");
	link.type(terminal, "exit\n");
	await link.exit(sessionId);
	await assert.rejects(link.request<"signal">({ op: "signal", username: ADA.username, sessionId, signal: "SIGTERM" }), {
		code: "SESSION_ENDED",
	});
});

test("closing ends all processes of the session, also those that ignore being asked or have left it", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	const shell = await ask(link, terminal, "shell", "$$");
	link.type(terminal, "(trap '' HUP TERM; while :; do sleep 1; done) &\n");
	const stubborn = await ask(link, terminal, "stubborn", "$!");
	link.type(terminal, "setsid --wait sleep 60 &\n");
	await sleep(50);
	const escaped = await ask(link, terminal, "escaped", "$(pgrep -f '^sleep 60$' | tail -n1)");
	const askedAt = performance.now();
	await link.request<"close">({ op: "close", username: ADA.username, sessionId: terminal.sessionId });
	await link.event("session-closed");
	assert.ok(performance.now() - askedAt < 1_000, "it is told at once");
	await untilGone(shell);
	await untilGone(escaped);
	await untilGone(stubborn);
	assert.ok(performance.now() - askedAt < 4_000);
});

test("eviction closes all sessions of the account and no other", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const [one, two] = [await link.openTerminal(), await link.openTerminal()];
	const other = await link.openTerminal({ account: BOB });
	await link.request<"evict">({ op: "evict", username: ADA.username });
	for (const { sessionId } of [one, two]) {
		await link.event("session-closed", (event) => event.sessionId === sessionId);
	}
	link.type(other, "echo un'touched'\n");
	await link.see(other, "untouched");
});

test("a session keeps its name, and a new one is told to all", async () => {
	await using agent = await AgentProcess.start();
	const [link, observer] = [await agent.link(), await agent.link()];
	const { sessionId } = await link.openTerminal({ name: "build" });
	await link.request<"rename">({ op: "rename", username: ADA.username, sessionId, name: "tests – ünïcode" });
	await observer.event("session-changed", ({ session }) => session.name === "tests – ünïcode");
	await assert.rejects(
		link.request<"rename">({ op: "rename", username: ADA.username, sessionId, name: "esc\u001b]0;x" }),
		{ code: "BAD_REQUEST" },
	);
});

test("a home is private, begins with the skeleton, and is not touched again", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	const home = join(agent.workspace, "ada");
	assert.equal(statSync(home).mode & 0o777, 0o700);
	link.type(terminal, "rm .vimrc; pwd; echo re'moved'\n");
	await link.see(terminal, "removed");
	assert.match(terminal.log.text, new RegExp(`${home}\r`));
	await link.openTerminal({ pageId: newPageId() });
	assert.ok(existsSync(join(home, ".bashrc")) && !existsSync(join(home, ".vimrc")));
});
