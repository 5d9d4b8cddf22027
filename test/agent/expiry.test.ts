import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcess } from "../../container-image/agent/processes.ts";
import type { SessionInfo } from "../../server/protocol/session.ts";
import { AgentProcess } from "./agent-process.ts";
import { ADA, type LinkClient, type Terminal } from "./link-client.ts";

async function change(link: LinkClient, terminal: Terminal, matches: (session: SessionInfo) => boolean) {
	const isIt = ({ session }: { session: SessionInfo }) => session.sessionId === terminal.sessionId && matches(session);
	return (await link.event("session-changed", isIt)).session;
}

test("a session that nobody uses is announced to end, ends with all its processes, and stays to be read", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ sessionIdleMs: 4_000 });
	const terminal = await link.openTerminal();
	link.type(terminal, "sleep 300 & echo left''=$!.\n");
	await link.see(terminal, /left=\d+\./);
	const left = Number(/left=(\d+)\./.exec(terminal.log.text)?.[1]);
	const usedAt = Date.now();
	const { expiry } = await change(link, terminal, (session) => session.expiry !== null);
	assert.equal(expiry?.reason, "idle");
	assert.ok(Math.abs((expiry?.at ?? 0) - usedAt - 4_000) < 1_500, "it says when");
	const { state } = await link.exit(terminal.sessionId);
	assert.ok(state.kind === "exited");
	assert.deepEqual([state.signal, state.expired], ["SIGHUP", "idle"]);
	const again = await link.attachTerminal(terminal.sessionId);
	await link.see(again, "left=");
	assert.equal(readProcess(left), null);
});

test("whoever types before a session's end keeps it, and output keeps it as well", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ sessionIdleMs: 3_000 });
	const [typed, printing] = [await link.openTerminal(), await link.openTerminal()];
	link.type(printing, "while sleep 0.5; do echo tick; done\n");
	await change(link, typed, (session) => session.expiry !== null);
	link.type(typed, "echo still-'here'\n");
	await link.see(typed, "still-here");
	const saved = link.events.length;
	await link.until(
		() => link.events.slice(saved).some((event) => event.kind === "session-changed" && event.session.expiry === null),
		"the all-clear",
	);
	await sleep(1_500);
	const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
	assert.deepEqual(
		sessions.map(({ state }) => state.kind),
		["running", "running"],
	);
	assert.equal(sessions[1]?.expiry, null, "what prints is not idle");
});

test("a session that no page looks at ends after its own time, one that is looked at does not", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ sessionDetachedMs: 2_000 });
	const [watched, left] = [await link.openTerminal(), await link.openTerminal()];
	await link.request<"detach">({ op: "detach", channel: left.log.channel });
	const { expiry } = await change(link, left, (session) => session.expiry !== null);
	assert.equal(expiry?.reason, "detached");
	const { state } = await link.exit(left.sessionId);
	assert.equal(state.kind === "exited" && state.expired, "detached");
	const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
	assert.equal(sessions.find(({ sessionId }) => sessionId === watched.sessionId)?.state.kind, "running");
});

test("a shell that will not end is ended all the same", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ sessionIdleMs: 1_000 });
	const terminal = await link.openTerminal();
	link.type(terminal, "trap '' HUP TERM\n");
	const { state } = await link.exit(terminal.sessionId);
	assert.ok(state.kind === "exited");
	assert.deepEqual([state.signal, state.expired], ["SIGKILL", "idle"]);
});
