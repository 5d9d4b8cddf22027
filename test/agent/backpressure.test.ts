import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import { AgentProcess } from "./agent-process.ts";
import type { LinkClient, Terminal } from "./link-client.ts";
import { ADA, newPageId } from "./link-client.ts";

/** Bytes that the session has printed, as the agent counts them. */
async function printed(link: LinkClient, { sessionId }: Terminal): Promise<number> {
	const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
	return sessions.find((session) => session.sessionId === sessionId)?.outputEnd ?? 0;
}

/** Waits until the number has stopped growing; resolves with it. */
async function settled(read: () => Promise<number>): Promise<number> {
	for (let last = -1, now = await read(); ; last = now, now = await read()) {
		if (now === last) return now;
		await sleep(150);
	}
}

test("a reader that gives no credit gets one window, and its program is stopped until it reads on", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal({ isCrediting: false });
	link.type(terminal, "yes\n");
	const stoppedAt = await settled(() => printed(link, terminal));
	assert.ok(stoppedAt >= OUTPUT_WINDOW_BYTES, `${stoppedAt} bytes were read`);
	assert.ok(stoppedAt <= OUTPUT_WINDOW_BYTES + 128 * 1024, `${stoppedAt} bytes were read`);
	assert.ok(terminal.log.received <= OUTPUT_WINDOW_BYTES, `${terminal.log.received} bytes were sent`);

	terminal.log.isCrediting = true;
	link.sendCredit(terminal.log.channel, terminal.log.end ?? 0);
	await link.until(() => terminal.log.received > 3 * OUTPUT_WINDOW_BYTES, "more output");
	assert.equal(terminal.log.chunks[0]?.offset, 0);
	assert.equal(terminal.log.received, terminal.log.end, "no byte was left out");
});

test("a flood that is interrupted ends with a prompt, and nothing is missing", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "yes flooding\n");
	await link.until(() => terminal.log.received > 2_000_000, "a flood");
	const sentAt = performance.now();
	link.type(terminal, "\x03");
	link.type(terminal, "echo calm-'again'\n");
	await link.see(terminal, "calm-again");
	assert.ok(performance.now() - sentAt < 3_000);
	assert.equal(terminal.log.received, terminal.log.end);
});

test("the echo of one session does not wait for the flood of others on the same link", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const quiet = await link.openTerminal();
	await link.see(quiet, "$ ".slice(1));
	for (let i = 0; i < 3; i += 1) {
		const noisy = await link.openTerminal();
		link.type(noisy, "yes flooding the link with lines of some length\n");
		await link.until(() => noisy.log.received > 500_000, "a flood");
	}
	const times: number[] = [];
	for (let i = 0; i < 30; i += 1) {
		const marker = `echo-${i}-`;
		const sentAt = performance.now();
		link.type(quiet, marker);
		await link.see(quiet, marker);
		times.push(performance.now() - sentAt);
	}
	times.sort((a, b) => a - b);
	// Four busy programs share the processors with the agent and this test, hence the generous bounds.
	const [p50 = 0, p95 = 0] = [times[15], times[28]];
	assert.ok(p50 < 100 && p95 < 500, `the echo took ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`);
});

test("a slow reader does not hold up a fast one; where the ring has lost what it needs, it is let go", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 1024 * 1024 });
	const fast = await link.openTerminal();
	const other = await agent.link();
	const pageId = newPageId();
	const slow = await other.attachTerminal(fast.sessionId, { isCrediting: false, pageId });
	link.type(fast, "seq -f 'line %09g' 1 500000; echo all-'printed'\n");
	await link.see(fast, "all-printed");
	assert.equal(fast.log.received, fast.log.end, "the fast one missed nothing");
	assert.ok(slow.log.received <= OUTPUT_WINDOW_BYTES);
	const { reason } = await other.event("detached", ({ channel }) => channel === slow.log.channel);
	assert.equal(reason, "overrun");
	assert.deepEqual(slow.log.bytes, fast.log.bytes.subarray(0, slow.log.received), "what it got is what was printed");

	const again = await other.attachTerminal(fast.sessionId, { pageId, from: slow.log.end });
	assert.ok(again.result.snapshotEnd !== null, "it begins anew, with a snapshot");
	await other.until(() => again.log.end === fast.log.end, "the slow one at the end");
	assert.match(again.log.text, /line 000499999\r\nline 000500000\r\nall-printed/);
});

test("a program whose only reader leaves goes on without one", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal({ isCrediting: false });
	link.type(terminal, "seq 1 400000; echo all-'printed'\n");
	await settled(() => printed(link, terminal));
	await link.request<"detach">({ op: "detach", channel: terminal.log.channel });
	const again = await link.attachTerminal(terminal.sessionId);
	await link.see(again, "all-printed");
});

test("output that was not read when the program ended is all there before the end is told", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 2 * 1024 * 1024 });
	const terminal = await link.openTerminal({ isCrediting: false });
	// More than one window: the program can only end if the rest is taken without credit.
	const size = OUTPUT_WINDOW_BYTES + 20_000;
	link.type(terminal, `stty -opost; head -c ${size} /dev/zero | tr '\\0' z; printf last-'words'; exit 3\n`);
	await settled(() => printed(link, terminal));
	terminal.log.isCrediting = true;
	link.sendCredit(terminal.log.channel, terminal.log.end ?? 0);
	const info = await link.exit(terminal.sessionId);
	assert.equal(info.state.kind === "exited" && info.state.exitCode, 3);
	await link.until(() => terminal.log.end === info.outputEnd, "all output");
	assert.match(terminal.log.text, /z{1000}last-words/);
	assert.equal(terminal.log.text.match(/z{100,}/g)?.join("").length, size);
});

test("credit for output that was not sent ends the link, and only this one", async () => {
	await using agent = await AgentProcess.start();
	const [bad, good] = [await agent.link(), await agent.link()];
	const terminal = await bad.openTerminal();
	bad.sendCredit(terminal.log.channel, 10_000_000);
	await bad.until(() => bad.isClosed, "the end of the link");
	assert.equal(bad.bye?.code, "BAD_REQUEST");
	await good.see(await good.attachTerminal(terminal.sessionId), "Welcome");
});
