import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_INPUT_BYTES } from "../../server/protocol/limits.ts";
import { AgentProcess } from "./agent-process.ts";
import { newPageId } from "./link-client.ts";

test("input that is sent again is dropped, in whole and in part, and acknowledged as what there is already", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	const { channel } = terminal.log;
	link.sendInput(channel, 0, Buffer.from("echo a"));
	link.sendInput(channel, 0, Buffer.from("echo a"));
	link.sendInput(channel, 3, Buffer.from("o ab"));
	link.sendInput(channel, 7, Buffer.from("cd\n"));
	await link.see(terminal, /[\r\n]abcd\r/);
	await link.until(() => terminal.log.acks.at(-1) === 10, "acknowledgements");
	link.sendInput(channel, 4, Buffer.from(" abcd\n"));
	const before = terminal.log.acks.length;
	await link.until(() => terminal.log.acks.length > before, "one more");
	assert.equal(terminal.log.acks.at(-1), 10);
	assert.equal(terminal.log.text.match(/[\r\n]abcd\r/g)?.length, 1);
});

test("input behind a gap is refused with the number to go on from, and nothing of it reaches the shell", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "echo o");
	link.sendInput(terminal.log.channel, 8, Buffer.from("XX\n"));
	const refused = await link.event("input-refused");
	assert.deepEqual(refused, {
		kind: "input-refused",
		channel: terminal.log.channel,
		code: "INPUT_OUT_OF_ORDER",
		accepted: 6,
	});
	link.type(terminal, "k\n");
	await link.see(terminal, /[\r\n]ok\r/);
	assert.ok(!terminal.log.text.includes("XX"));
});

test("after a reconnect the agent says what it has had, and pages do not share numbers", async () => {
	await using agent = await AgentProcess.start();
	const first = await agent.link();
	const pageId = newPageId();
	const terminal = await first.openTerminal({ pageId });
	first.type(terminal, "echo 1-'first'\n");
	await first.see(terminal, "1-first");
	await first.close();
	const second = await agent.link();
	const again = await second.attachTerminal(terminal.sessionId, { pageId });
	assert.equal(again.result.inputAccepted, 15);
	const stranger = await second.attachTerminal(terminal.sessionId);
	assert.equal(stranger.result.inputAccepted, 0);
	second.sendInput(again.log.channel, 0, Buffer.from("echo 1-'first'\necho 2-'second'\n"));
	await second.see(again, "2-second");
	assert.equal(again.log.text.split("1-first").length - 1, 1);
});

test("a program that does not read gets a bounded amount of input, then more is refused; later it reads on", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	const total = 24 * MAX_INPUT_BYTES;
	const wanted = 100_000;
	link.type(terminal, "stty raw -echo; echo re''ady; sleep 1; head -c 100000 | cksum; stty sane\n");
	await link.see(terminal, "ready");
	const { channel } = terminal.log;
	const bytes = Buffer.alloc(total, "x");
	const from = terminal.log.nextInput;
	for (let at = 0; at < total; at += MAX_INPUT_BYTES) {
		link.sendInput(channel, from + at, bytes.subarray(at, at + MAX_INPUT_BYTES));
	}
	await link.until(() => terminal.log.refusals.length > 0, "a refusal");
	assert.equal(terminal.log.refusals[0]?.code, "INPUT_OVERFLOW");
	const accepted = terminal.log.refusals[0]?.accepted ?? 0;
	assert.ok(accepted - from >= wanted, `${accepted - from} bytes were taken`);
	assert.ok(accepted - from <= 256 * 1024 + 80 * 1024, `${accepted - from} bytes were taken`);
	assert.equal(Math.max(...terminal.log.acks), accepted, "nothing that was refused was acknowledged");
	await link.see(terminal, "1627735810 100000");
});

test("input to an ended session and to an unknown channel is refused", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "exit\n");
	await link.exit(terminal.sessionId);
	link.type(terminal, "echo\n");
	await link.until(() => terminal.log.refusals.length === 1, "a refusal");
	assert.deepEqual(terminal.log.refusals, [{ code: "SESSION_ENDED", accepted: 5 }]);
	link.sendInput(77, 0, Buffer.from("x"));
	const stray = await link.event("input-refused", ({ channel }) => channel === 77);
	assert.equal(stray.code, "SESSION_NOT_ATTACHED");
});

test("a paste into a program that reads slowly arrives whole and in order", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const terminal = await link.openTerminal();
	link.type(terminal, "stty raw -echo; echo re''ady; sleep 0.2; head -c 60000 | sha1sum; stty sane\n");
	await link.see(terminal, "ready");
	const text = Array.from({ length: 6000 }, (_, i) => String(i).padStart(9, "0")).join("\r");
	link.type(terminal, `${text}\r`.slice(0, 60_000));
	const { createHash } = await import("node:crypto");
	await link.see(terminal, createHash("sha1").update(`${text}\r`).digest("hex"));
});
