/** The gateway's link against the real agent: whatever happens to its connection, sessions go on at the very byte. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Attachment, AttachmentSink } from "../../server/core/link/attachment.ts";
import { Link } from "../../server/core/link/link.ts";
import type { Log } from "../../server/core/log.ts";
import { BerthError } from "../../server/protocol/errors.ts";
import { PageId, SessionId } from "../../server/protocol/ids.ts";
import type { UserEvent } from "../../server/protocol/link.ts";
import { AgentProcess } from "../agent/agent-process.ts";
import { ADA, DEFAULT_LIMITS, DEFAULT_POLICY, DEFAULT_SIZE } from "../agent/link-client.ts";

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
const newPageId = () => PageId.parse(randomBytes(16).toString("base64url"));

type Fixture = {
	agent: AgentProcess;
	link: Link;
	/** The stream that carries the link now. */
	stream(): Socket;
	lost: BerthError[];
	events: UserEvent[];
};

async function openLink(t: TestContext, policy = DEFAULT_POLICY): Promise<Fixture> {
	const agent = await AgentProcess.start();
	t.after(() => agent[Symbol.asyncDispose]());
	const streams: Socket[] = [];
	const lost: BerthError[] = [];
	const events: UserEvent[] = [];
	const link = await Link.open({
		connect: async () => {
			const stream = connect(agent.socketPath);
			await new Promise<void>((resolve, reject) => stream.once("connect", resolve).once("error", reject));
			streams.push(stream);
			return stream;
		},
		hello: { gateway: "test", policy },
		onEvent: (event) => events.push(event),
		onLost: (reason) => lost.push(reason),
		log: quiet,
	});
	t.after(() => link.close());
	const stream = (): Socket => {
		const current = streams.at(-1);
		assert.ok(current);
		return current;
	};
	return { agent, link, stream, lost, events };
}

/** Keeps what a page would: the output in order, and where its input has to go on. */
class Recorder implements AttachmentSink {
	text = "";
	offset = 0;
	sendFrom = 0;
	isLost = false;
	ended: string | null = null;

	onOutput(_sessionId: SessionId, offset: number, bytes: Buffer): void {
		assert.equal(offset, this.offset, "nothing lost and nothing twice");
		this.text += bytes.toString("latin1");
		this.offset = offset + bytes.length;
		this.onParsed(this.offset);
	}
	onParsed(_offset: number): void {
		// Most tests print less than a window.
	}
	onInputAck(_sessionId: SessionId, seq: number): void {
		this.sendFrom = seq;
	}
	onInputRefused(_sessionId: SessionId, seq: number): void {
		this.sendFrom = seq;
	}
	onDetached(_sessionId: SessionId, reason: string): void {
		this.ended = reason;
	}
	onLost(): void {
		this.isLost = true;
	}
}

async function openSession(link: Link): Promise<{ attachment: Attachment; recorder: Recorder }> {
	const recorder = new Recorder();
	const request = {
		...{ account: ADA, limits: DEFAULT_LIMITS, environment: {}, name: "x" },
		...{ pageId: newPageId(), size: DEFAULT_SIZE },
	};
	const { attachment, result } = await link.openSession(request, recorder);
	recorder.offset = result.from;
	attachment.release();
	return { attachment, recorder };
}

async function until(isTrue: () => boolean, what: string): Promise<void> {
	const deadline = performance.now() + 20_000;
	while (!isTrue()) {
		if (performance.now() > deadline) throw new Error(`waited too long for ${what}`);
		await sleep(5);
	}
}

test("output goes on at the very byte however often the connection breaks", async (t) => {
	const { link, stream } = await openLink(t);
	const { attachment, recorder } = await openSession(link);
	const credit = setInterval(() => link.sendCredit(attachment, recorder.offset), 5);
	t.after(() => clearInterval(credit));
	link.sendInput(
		attachment,
		0,
		Buffer.from("stty -onlcr; for i in $(seq 1 3000); do echo line-$i; done; echo e''nd\r"),
	);
	for (let cut = 0; cut < 8; cut += 1) {
		await sleep(30 + cut * 7);
		stream().destroy();
	}
	await until(() => recorder.text.includes("end\n"), "the end of the output");
	const lines = [...recorder.text.matchAll(/^line-(\d+)$/gm)].map(([, number]) => Number(number));
	assert.deepEqual(
		lines,
		Array.from({ length: 3000 }, (_, index) => index + 1),
	);
});

test("after a break the page is told from where to send again, and what arrived already is dropped", async (t) => {
	const { link, stream } = await openLink(t);
	const { attachment, recorder } = await openSession(link);
	const input = Buffer.from("echo a-$((1+1))-b\r");
	link.sendInput(attachment, 0, input);
	await until(() => recorder.text.includes("a-2-b"), "the command's output");
	recorder.sendFrom = -1;
	stream().destroy();
	await until(() => recorder.sendFrom === input.length, "word of where to send on");
	link.sendInput(attachment, 0, Buffer.concat([input, Buffer.from("echo c-$((2+2))\r")]));
	await until(() => recorder.text.includes("c-4"), "the second command");
	assert.equal(recorder.text.split("a-2-b").length, 2, "the first command ran once");
});

test("an agent that nobody reaches is given up, and every attachment may be had again once somebody does", async (t) => {
	const { agent, link, lost } = await openLink(t);
	const { recorder } = await openSession(link);
	agent.child.kill("SIGKILL");
	await until(() => lost.length === 1, "the loss");
	assert.equal(recorder.ended, "link");
	await assert.rejects(link.request({ op: "list", username: ADA.username }), { code: "LINK_BROKEN" });
});

test("where the container is known to be gone, every attachment is told that it is lost", async (t) => {
	const { link, lost } = await openLink(t);
	const { recorder } = await openSession(link);
	link.lose(new BerthError("CONTAINER_RESTARTING"));
	assert.ok(recorder.isLost);
	assert.equal(lost.length, 1);
});

test("the agent's refusals keep their codes", async (t) => {
	const { link } = await openLink(t);
	const sessionId = SessionId.parse(randomBytes(16).toString("base64url"));
	const target = { username: ADA.username, sessionId, pageId: newPageId(), size: DEFAULT_SIZE };
	await assert.rejects(link.attach(target, null, new Recorder()), { code: "SESSION_NOT_FOUND" });
});

/** A session that has printed so much that a page which comes now gets a snapshot. */
async function openLongSession({ link }: Fixture): Promise<{ attachment: Attachment; recorder: Recorder }> {
	const opened = await openSession(link);
	const { attachment, recorder } = opened;
	recorder.onParsed = (offset) => link.sendCredit(attachment, offset);
	link.sendInput(attachment, 0, Buffer.from("seq -f 'a line of some length, number %09g' 1 20000; echo e''nd\r"));
	await until(() => recorder.text.includes("end\r\n"), "the output");
	return opened;
}

const SMALL = { ...DEFAULT_POLICY, replayBytes: 256 * 1024 };

test("a page that asks for what is gone gets a snapshot, and is told where the program's own bytes begin", async (t) => {
	const fixture = await openLink(t, SMALL);
	const { attachment, recorder } = await openLongSession(fixture);
	const late = new Recorder();
	const target = { ...attachment.target, pageId: newPageId() };
	const { attachment: second, result } = await fixture.link.attach(target, 1_000, late);
	late.offset = result.from;
	late.onParsed = (offset) => fixture.link.sendCredit(second, offset);
	second.release();
	await until(() => late.offset === recorder.offset, "the end");
	assert.ok(result.snapshotEnd !== null && result.snapshotEnd > result.from);
	assert.deepEqual(result.sizes, [{ offset: result.from, ...DEFAULT_SIZE }]);
	assert.match(late.text, /number 000020000\r\nend/);
});

test("where the connection breaks amid a snapshot, or too much is printed meanwhile, the page is told to begin anew", async (t) => {
	const fixture = await openLink(t, SMALL);
	const { attachment, recorder } = await openLongSession(fixture);
	const late = new Recorder();
	const target = { ...attachment.target, pageId: newPageId() };
	const { attachment: amid, result } = await fixture.link.attach(target, null, late);
	assert.ok(result.snapshotEnd !== null);
	late.offset = result.from;
	// Nothing was handed on yet, as the page has not been told of its attachment.
	recorder.sendFrom = -1;
	fixture.stream().destroy();
	await until(() => recorder.sendFrom >= 0, "the link to be open again");
	amid.release();
	assert.equal(late.ended, "link");
	assert.equal(recorder.ended, null, "the other one goes on");
});

test("after a break pages hear how their sessions are now", async (t) => {
	const { link, stream, events } = await openLink(t);
	const { attachment } = await openSession(link);
	const before = events.length;
	stream().destroy();
	const isNews = (event: UserEvent) =>
		event.kind === "session-changed" && event.session.sessionId === attachment.target.sessionId;
	await until(() => events.slice(before).some(isNews), "the news");
});

test("a page that the agent let go of is told why, and can attach anew", async (t) => {
	const fixture = await openLink(t, SMALL);
	const { link } = fixture;
	const { attachment, recorder } = await openSession(link);
	recorder.onParsed = (offset) => link.sendCredit(attachment, offset);
	const slow = new Recorder();
	const target = { ...attachment.target, pageId: newPageId() };
	const { attachment: lagging } = await link.attach(target, 0, slow);
	lagging.release();
	link.sendInput(attachment, 0, Buffer.from("seq 1 300000; echo e''nd\r"));
	await until(() => recorder.text.includes("end\r\n"), "the output");
	await until(() => slow.ended !== null, "word of the end");
	assert.equal(slow.ended, "overrun");
	const { result } = await link.attach(target, slow.offset, new Recorder());
	assert.ok(result.snapshotEnd !== null);
});
