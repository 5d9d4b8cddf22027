import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentProcess } from "./agent-process.ts";
import { newPageId } from "./link-client.ts";

/** A mebibyte in lines that tell their own place, so that a byte lost or doubled shows. */
const COUNT_TO = (last: number): string => `seq -f 'line %07g' 1 ${last}; echo all-'printed'\n`;

test("a page that comes back reads on byte by byte from where it was, on another link", async () => {
	await using agent = await AgentProcess.start();
	const first = await agent.link({ replayBytes: 4 * 1024 * 1024 });
	const reference = await first.openTerminal();
	const second = await agent.link();
	const pageId = newPageId();
	const early = await second.attachTerminal(reference.sessionId, { pageId });
	first.type(reference, COUNT_TO(50_000));
	await second.until(() => early.log.received > 100_000, "some output");
	await second.close();

	await first.see(reference, "all-printed");
	const third = await agent.link();
	const late = await third.attachTerminal(reference.sessionId, { pageId, from: early.log.end });
	assert.equal(late.result.from, early.log.end);
	await third.until(() => late.log.end === reference.log.end, "the rest");
	assert.deepEqual(Buffer.concat([early.log.bytes, late.log.bytes]), reference.log.bytes);
});

test("a session without pages runs on, and is replayed from its oldest kept byte", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 100_000 });
	const terminal = await link.openTerminal();
	link.type(terminal, `sleep 0.2; ${COUNT_TO(30_000)}`);
	await link.see(terminal, "sleep 0.2");
	await link.request<"detach">({ op: "detach", channel: terminal.log.channel });
	await link.event("session-changed", ({ session }) => session.state.kind === "detached");

	const { sessionId } = terminal;
	let info = terminal.session;
	const deadline = performance.now() + 10_000;
	while (info.outputEnd < 30_000 * 14 && performance.now() < deadline) {
		const { sessions } = await link.request<"list">({ op: "list", username: "ada" as never });
		info = sessions[0] ?? info;
	}
	assert.equal(info.outputEnd - info.outputStart, 100_000);
	const again = await link.attachTerminal(sessionId);
	await link.see(again, "all-printed");
	assert.ok(again.result.from >= info.outputStart && again.result.from < info.outputStart + 1_000);
	assert.equal(again.log.chunks[0]?.offset, again.result.from);
	assert.match(again.log.text, /line 0029998\r\nline 0029999\r\nline 0030000\r\nall-printed/);
});

test("a page that was away for too long is told of the gap, and goes on behind it", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 70_000 });
	const terminal = await link.openTerminal();
	link.type(terminal, COUNT_TO(20_000));
	await link.see(terminal, "all-printed");
	const late = await link.attachTerminal(terminal.sessionId, { from: 1_000 });
	assert.ok(late.result.from > 200_000, `goes on at ${late.result.from}`);
	await link.until(() => late.log.end === terminal.log.end, "the rest");
	// The first bytes are a preface that stands in place of what is too old.
	const [, ...whole] = late.log.text.split("\n");
	assert.ok(terminal.log.text.endsWith(whole.join("\n")));
	assert.ok(whole.length > 4_000);
});

test("a page that comes late to a full-screen program is told the modes that were set long ago", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 70_000 });
	const terminal = await link.openTerminal();
	link.type(terminal, `printf '\\033[?1049h\\033[?25l\\033[?1006h\\033[0;35m'; ${COUNT_TO(20_000)}`);
	await link.see(terminal, "all-printed");
	const late = await link.attachTerminal(terminal.sessionId);
	await link.until(() => late.log.end === terminal.log.end, "all output");
	const [preface = ""] = late.log.text.split("line");
	const escapes = preface.split("\x1b");
	assert.equal(escapes[1], "[?1049h");
	assert.ok(
		escapes.some((sequence) => /[?;]25[;l]/.test(sequence) && sequence.endsWith("l")),
		preface,
	);
	assert.ok(
		escapes.some((sequence) => /[?;]1006[;h]/.test(sequence) && sequence.endsWith("h")),
		preface,
	);
	assert.equal(escapes.at(-1), "[0;35m");
	assert.match(late.log.text, /line 0019999\r\nline 0020000/);
});

test("an offset that lies beyond the output is refused", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const { sessionId } = await link.openTerminal();
	await assert.rejects(link.attachTerminal(sessionId, { from: 1_000_000 }), { code: "BAD_REQUEST" });
});

test("two links see the same bytes, and type into one shell", async () => {
	await using agent = await AgentProcess.start();
	const [one, two] = [await agent.link(), await agent.link()];
	const mine = await one.openTerminal();
	const { session } = await two.event("session-changed", ({ session }) => session.sessionId === mine.sessionId);
	assert.equal(session.name, "shell");
	const other = await two.attachTerminal(mine.sessionId);
	assert.deepEqual(other.session.state, { kind: "running", attached: 2 });
	one.type(mine, "echo from-'one'\n");
	await two.see(other, "from-one");
	two.type(other, "echo from-'two'\n");
	await one.see(mine, "from-two");
	await one.until(() => mine.log.end === other.log.end, "the same end");
	assert.deepEqual(mine.log.bytes, other.log.bytes);
});

test("a page that attaches again replaces its earlier attachment", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const pageId = newPageId();
	const before = await link.openTerminal({ pageId });
	const after = await link.attachTerminal(before.sessionId, { pageId });
	assert.deepEqual(after.session.state, { kind: "running", attached: 1 });
	link.type(after, "echo only-'once'\n");
	await link.see(after, "only-once");
	assert.ok(!before.log.text.includes("only-once"));
});

test("a gateway that is killed leaves its sessions running", async () => {
	await using agent = await AgentProcess.start();
	const killed = await agent.link();
	const terminal = await killed.openTerminal();
	killed.type(terminal, "for i in 1 2 3 4 5; do sleep 0.05; echo tick-$i; done\n");
	await killed.see(terminal, "tick-1");
	await killed.close();
	const link = await agent.link();
	assert.equal(link.hello?.sessions, 1);
	const again = await link.attachTerminal(terminal.sessionId);
	await link.see(again, "tick-5");
});

test("however often the link breaks while a program prints, the page has every byte once", async () => {
	await using agent = await AgentProcess.start();
	const pageId = newPageId();
	const first = await agent.link({ replayBytes: 8 * 1024 * 1024 });
	const terminal = await first.openTerminal({ pageId });
	first.type(terminal, COUNT_TO(200_000));
	const pieces: Buffer[] = [];
	let link = first;
	let { log } = terminal;
	for (let breaks = 0; breaks < 20; breaks += 1) {
		const enough = Math.floor(Math.random() * 200_000);
		await link.until(() => log.received >= enough || log.text.includes("all-printed"), "some output");
		await link.close();
		pieces.push(log.bytes);
		const from = log.end ?? pieces.reduce((sum, { length }) => sum + length, 0);
		link = await agent.link();
		({ log } = await link.attachTerminal(terminal.sessionId, { pageId, from }));
	}
	await link.see({ log }, "all-printed");
	pieces.push(log.bytes);
	const printed = Buffer.concat(pieces).toString();
	const wanted = Array.from({ length: 200_000 }, (_, i) => `line ${String(i + 1).padStart(7, "0")}\r\n`).join("");
	assert.ok(printed.includes(`${wanted}all-printed`), `${printed.length} bytes came`);
});
