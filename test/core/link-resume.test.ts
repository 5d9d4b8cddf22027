/** What the gateway's link does at the seams, chunk by chunk. `test/gateway/link.test.ts` has the real agent. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attachment, AttachmentSink } from "../../server/core/link/attachment.ts";
import { Link } from "../../server/core/link/link.ts";
import type { Log } from "../../server/core/log.ts";
import { PageId, SessionId, Username } from "../../server/protocol/ids.ts";
import { OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import type { AttachResult, UserEvent } from "../../server/protocol/link.ts";
import { answer, attached, event, FakeAgent, output, settled } from "../support/fake-agent.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const username = Username.parse("ada");
const sessionId = SessionId.parse(randomBytes(16).toString("base64url"));
const size = { cols: 80, rows: 24 };
const newPageId = () => PageId.parse(randomBytes(16).toString("base64url"));

/** Writes down what a page is told, in order. */
class Notebook implements AttachmentSink {
	readonly lines: string[];

	constructor(lines: string[] = []) {
		this.lines = lines;
	}

	onOutput(_sessionId: SessionId, offset: number, bytes: Buffer): void {
		this.lines.push(`output ${offset} ${bytes.length > 40 ? `${bytes.length} bytes` : bytes}`);
	}
	onInputAck(_sessionId: SessionId, seq: number): void {
		this.lines.push(`ack ${seq}`);
	}
	onInputRefused(_sessionId: SessionId, seq: number): void {
		this.lines.push(`send from ${seq}`);
	}
	onDetached(_sessionId: SessionId, reason: string): void {
		this.lines.push(`detached ${reason}`);
	}
	onLost(): void {
		this.lines.push("lost");
	}
}

type Fixture = { agent: FakeAgent; link: Link; events: UserEvent[]; onEvent: { call(event: UserEvent): void } };

async function openLink(t: TestContext): Promise<Fixture> {
	const agent = new FakeAgent();
	const events: UserEvent[] = [];
	const onEvent = { call: (event: UserEvent): void => void events.push(event) };
	const link = await Link.open({
		connect: async () => agent.connect(),
		hello: {
			gateway: "test",
			policy: { assignmentTtlMs: 1, replayBytes: 1, diskGraceMs: 1, egress: null },
		},
		onEvent: (event) => onEvent.call(event),
		onLost: () => {},
		log: quiet,
	});
	t.after(() => link.close());
	return { agent, link, events, onEvent };
}

async function attach(
	{ agent, link }: Fixture,
	notes = new Notebook(),
	{ pageId = newPageId(), more = {}, from = 0 }: { pageId?: PageId; more?: Partial<AttachResult>; from?: number } = {},
): Promise<{ attachment: Attachment; notes: Notebook; channel: number }> {
	const asking = link.attach({ username, sessionId, pageId, size }, null, notes);
	const { number, request } = await agent.next("attach");
	await agent.say(answer(number, attached(sessionId, from, more)));
	const { attachment } = await asking;
	attachment.release();
	return { attachment, notes, channel: request.attachment.channel };
}

/** Cuts the connection and waits until the link asks to go on. */
async function cutAndReopen({ agent }: Fixture) {
	agent.cut();
	return await agent.next("attach");
}

test("output goes on where it was, and what was typed meanwhile is asked for again", async (t) => {
	const fixture = await openLink(t);
	const { agent } = fixture;
	const { notes, channel } = await attach(fixture);
	await agent.say(output(channel, 0, "before"));
	const { number, request } = await cutAndReopen(fixture);
	assert.equal(request.from, 6);
	const next = request.attachment.channel;
	await agent.say(answer(number, attached(sessionId, 6, { inputAccepted: 3 })), output(next, 6, " and after"));
	assert.deepEqual(notes.lines, ["output 0 before", "send from 3", "output 6  and after"]);
});

test("of an answer that does not go on where the page is nothing reaches the page but that it has ended", async (t) => {
	const fixture = await openLink(t);
	const { agent } = fixture;
	const { notes, channel } = await attach(fixture);
	await agent.say(output(channel, 0, "before"));
	const { number, request } = await cutAndReopen(fixture);
	const next = request.attachment.channel;
	await agent.say(
		answer(number, attached(sessionId, 4_000, { snapshotEnd: 5_000 })),
		output(next, 4_000, "a snapshot for an empty terminal"),
	);
	assert.deepEqual(notes.lines, ["output 0 before", "detached link"]);
	assert.equal((await agent.next("detach")).request.channel, next);
});

test("amid a snapshot nothing is resumed", async (t) => {
	const fixture = await openLink(t);
	const { agent } = fixture;
	const { notes, channel } = await attach(fixture, new Notebook(), { from: 4_000, more: { snapshotEnd: 5_000 } });
	await agent.say(output(channel, 4_000, "the first half"));
	agent.cut();
	await untilConnections(agent, 2);
	assert.deepEqual(notes.lines, ["output 4000 the first half", "detached link"]);
	assert.deepEqual(agent.asked, []);
});

test("sizes of the time without a connection are told before the output that was printed at them", async (t) => {
	const fixture = await openLink(t);
	const { agent, onEvent } = fixture;
	const { notes, channel } = await attach(fixture);
	await agent.say(output(channel, 0, "before"));
	onEvent.call = (event) => {
		if (event.kind === "session-changed") notes.lines.push(`${event.session.size.cols} at ${event.session.sizedAt}`);
	};
	const { number, request } = await cutAndReopen(fixture);
	const sizes = [
		{ offset: 6, cols: 90, rows: 24 },
		{ offset: 8, cols: 100, rows: 24 },
		{ offset: 9, cols: 110, rows: 24 },
	];
	const result = attached(sessionId, 6, { sizes });
	const session = { ...result.session, size: { cols: 110, rows: 24 }, sizedAt: 9 };
	await agent.say(answer(number, { ...result, session }), output(request.attachment.channel, 6, "after"));
	assert.deepEqual(notes.lines, [
		"output 0 before",
		"90 at 6",
		"100 at 8",
		"110 at 9",
		"send from 0",
		"output 6 after",
	]);
});

test("a window that changed while the connection was broken is told to the agent", async (t) => {
	const fixture = await openLink(t);
	const { agent, link } = fixture;
	const { attachment } = await attach(fixture);
	const { number, request } = await cutAndReopen(fixture);
	await link.resize(attachment, { cols: 132, rows: 50 });
	await agent.say(answer(number, attached(sessionId, 0)));
	const resize = (await agent.next("resize")).request;
	assert.deepEqual(resize.size, { cols: 132, rows: 50 });
	assert.equal(resize.channel, request.attachment.channel);
});

test("a page that left while the connection was broken is not resumed", async (t) => {
	const fixture = await openLink(t);
	const { agent, link } = fixture;
	const { attachment, notes } = await attach(fixture);
	const { number, request } = await cutAndReopen(fixture);
	const { channel } = request.attachment;
	link.detach(attachment);
	await agent.say(answer(number, attached(sessionId, 0)), output(channel, 0, "too late"));
	assert.equal((await agent.next("detach")).request.channel, channel);
	assert.deepEqual(notes.lines, []);
});

test("of a page that came twice the earlier attachment is told, and only the later one is resumed", async (t) => {
	const fixture = await openLink(t);
	const { agent } = fixture;
	const pageId = newPageId();
	const earlier = await attach(fixture, new Notebook(), { pageId });
	const later = await attach(fixture, new Notebook(), { pageId });
	const { number, request } = await cutAndReopen(fixture);
	await agent.say(answer(number, attached(sessionId, 0)), output(request.attachment.channel, 0, "hello"));
	assert.deepEqual(earlier.notes.lines, ["detached replaced"]);
	assert.deepEqual(later.notes.lines, ["send from 0", "output 0 hello"]);
	assert.deepEqual(agent.asked, []);
});

test("a page that attaches again over the same connection hears nothing of its earlier attachment", async (t) => {
	const fixture = await openLink(t);
	const [pageId, notes] = [newPageId(), new Notebook()];
	await attach(fixture, notes, { pageId });
	await attach(fixture, notes, { pageId });
	assert.deepEqual(notes.lines, []);
});

test("the end of an attachment that comes together with its beginning is told after it, to this page alone", async (t) => {
	const fixture = await openLink(t);
	const { agent, link, events } = fixture;
	const notes = new Notebook();
	const asking = link.attach({ username, sessionId, pageId: newPageId(), size }, 0, notes);
	const { number, request } = await agent.next("attach");
	const { channel } = request.attachment;
	await agent.say(
		answer(number, attached(sessionId, 0)),
		output(channel, 0, "some"),
		event({ kind: "detached", channel, reason: "overrun" }),
	);
	const { attachment } = await asking;
	assert.deepEqual(notes.lines, [], "the page has not been answered yet");
	attachment.release();
	assert.deepEqual(notes.lines, ["output 0 some", "detached overrun"]);
	assert.deepEqual(events, []);
	agent.cut();
	await untilConnections(agent, 2);
	assert.deepEqual(agent.asked, [], "what has ended is not resumed");
});

test("credit flows within a snapshot, after a resume, and never beyond what was handed on", async (t) => {
	const fixture = await openLink(t);
	const { agent, link } = fixture;
	const { attachment, channel } = await attach(fixture, new Notebook(), { from: 90, more: { snapshotEnd: 100 } });
	await agent.say(output(channel, 90, "0123456789and more"));
	link.sendCredit(attachment, 95);
	const { number, request } = await cutAndReopen(fixture);
	const next = request.attachment.channel;
	link.sendCredit(attachment, 102);
	await agent.say(answer(number, attached(sessionId, 108)), output(next, 108, "!"));
	link.sendCredit(attachment, 105);
	link.sendCredit(attachment, 5_000);
	await settled();
	assert.deepEqual(agent.credits, [
		{ channel, offset: 95 },
		{ channel: next, offset: 105 },
		{ channel: next, offset: 109 },
	]);
});

test("a page that does not read is given no more output by each new connection", async (t) => {
	const fixture = await openLink(t);
	const { agent } = fixture;
	const { attachment, notes, channel } = await attach(fixture);
	const piece = "x".repeat(32 * 1024);
	const fill = async (on: number, from: number, bytes: number): Promise<void> => {
		for (let at = from; at < from + bytes; at += piece.length) await agent.say(output(on, at, piece));
	};
	await fill(channel, 0, OUTPUT_WINDOW_BYTES);
	const { number, request } = await cutAndReopen(fixture);
	await agent.say(answer(number, attached(sessionId, OUTPUT_WINDOW_BYTES)));
	await fill(request.attachment.channel, OUTPUT_WINDOW_BYTES, OUTPUT_WINDOW_BYTES);
	agent.cut();
	await untilConnections(agent, 3);
	assert.equal(notes.lines.at(-1), "detached link");
	assert.equal(attachment.channel, null);
});

async function untilConnections(agent: FakeAgent, count: number): Promise<void> {
	const deadline = performance.now() + 5_000;
	while (agent.connections < count) {
		assert.ok(performance.now() < deadline, "the link did not come back");
		await sleep(5);
	}
	await settled();
}
