import assert from "node:assert/strict";
import { test } from "node:test";
import { DrawnScreen } from "../../container-image/agent/screen/drawn-screen.ts";
import { SCROLLBACK_LINES } from "../../container-image/agent/screen/snapshot-job.ts";
import { AgentProcess } from "./agent-process.ts";
import { stateOf } from "./drawn-state.ts";
import { ADA, newPageId, type Terminal } from "./link-client.ts";

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

/** The screen that a fresh terminal shows which reads all that came. */
async function shown({ log, result }: Terminal): Promise<DrawnScreen> {
	const [size] = result.sizes;
	assert.ok(size);
	const screen = new DrawnScreen(size, SCROLLBACK_LINES);
	await screen.draw(log.bytes);
	return screen;
}

async function assertShowsTheSame(one: Terminal, other: Terminal): Promise<void> {
	using first = await shown(one);
	using second = await shown(other);
	const [expected, actual] = [stateOf(first), stateOf(second)];
	// How much is kept above the screen is another matter.
	const least = Math.min(expected.normal.length, actual.normal.length);
	assert.deepEqual(
		{ ...actual, normal: actual.normal.slice(-least) },
		{ ...expected, normal: expected.normal.slice(-least) },
	);
}

test("a session without pages runs on, and whoever comes then sees the same as somebody who saw it all", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 256 * 1024 });
	const terminal = await link.openTerminal();
	link.type(terminal, `sleep 0.2; ${COUNT_TO(60_000)}`);
	await link.see(terminal, "sleep 0.2");
	await link.request<"detach">({ op: "detach", channel: terminal.log.channel });
	await link.event("session-changed", ({ session }) => session.state.kind === "detached");

	const { sessionId } = terminal;
	let info = terminal.session;
	const deadline = performance.now() + 10_000;
	while (info.outputEnd < 60_000 * 14 && performance.now() < deadline) {
		const { sessions } = await link.request<"list">({ op: "list", username: ADA.username });
		info = sessions[0] ?? info;
	}
	assert.ok(info.outputEnd - info.outputStart >= 256 * 1024);
	const again = await link.attachTerminal(sessionId);
	await link.see(again, "all-printed");
	const { from, snapshotEnd } = again.result;
	assert.ok(snapshotEnd !== null && from < snapshotEnd && again.log.chunks[0]?.offset === from);
	assert.match(again.log.text, /line 0059998\r\nline 0059999\r\nline 0060000\r\nall-printed/);
});

test("a page that was away for too long is told so, and gets the screen as it is now", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 256 * 1024 });
	const terminal = await link.openTerminal();
	link.type(terminal, COUNT_TO(40_000));
	await link.see(terminal, "all-printed");
	const late = await link.attachTerminal(terminal.sessionId, { from: 1_000 });
	assert.ok(late.result.snapshotEnd !== null && late.result.snapshotEnd > 200_000);
	await link.until(() => late.log.end === terminal.log.end, "the rest");
	await assertShowsTheSame(terminal, late);
});

test("a full-screen program is shown to a late page as it is, however much it printed", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link({ replayBytes: 256 * 1024 });
	const terminal = await link.openTerminal();
	const draw =
		"for i in $(seq 1 14000); do printf '\\033[%d;%dH\\033[3%dmframe %05d \\033[K' $((i % 24 + 1)) $((i % 60)) $((i % 8)) $i; done";
	link.type(
		terminal,
		`printf '\\033[?1049h\\033[?25l\\033[?1006h\\033]0;a title\\a'; ${draw}; printf 'all-%s' drawn; sleep 60\n`,
	);
	await link.see(terminal, "all-drawn");
	const late = await link.attachTerminal(terminal.sessionId);
	assert.ok(late.result.snapshotEnd !== null, "more was printed than is kept");
	await link.until(() => late.log.end === terminal.log.end, "all output");
	assert.ok(late.log.text.includes("\x1b]2;a title\x07"));
	await assertShowsTheSame(terminal, late);
});

test("a page that comes late learns at which byte the size of the terminal changed", async () => {
	await using agent = await AgentProcess.start();
	const link = await agent.link();
	const pageId = newPageId();
	const terminal = await link.openTerminal({ pageId });
	await link.see(terminal, "Welcome");
	const { channel } = terminal.log;
	await link.request<"resize">({ op: "resize", channel, size: { cols: 100, rows: 30 } });
	link.type(terminal, "echo re-'sized'\n");
	await link.see(terminal, "re-sized");
	const late = await link.attachTerminal(terminal.sessionId, { size: { cols: 100, rows: 30 } });
	const [first, second, ...more] = late.result.sizes;
	assert.deepEqual([first?.cols, first?.offset, second?.cols, more.length], [80, 0, 100, 0]);
	assert.equal(late.result.session.sizedAt, second?.offset);
	assert.ok((second?.offset ?? 0) <= terminal.log.text.indexOf("re-sized"));
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
		const isOver = (): boolean => log.text.includes("all-printed\r");
		await link.until(() => log.received >= enough || isOver(), "some output");
		// What was sent beyond `enough` may have been the rest.
		if (isOver()) break;
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
