/** The wire half of a session on the page, against a gateway that answers when the test says so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attached } from "../../server/protocol/terminal.ts";
import { type GatewayConnection, RequestFailure } from "../../web/container-terminal/gateway-connection.ts";
import { SessionChannel, Superseded } from "../../web/container-terminal/session-channel.ts";

const SIZE = { cols: 80, rows: 24 };
const SESSION = "s".repeat(26);

type Asked = { request: { from?: number | null }; answer(attached: Attached): void };

/** Keeps what is asked, and parses at once or when told to. */
class Stage {
	readonly asked: Asked[] = [];
	readonly sent: unknown[][] = [];
	readonly channel: SessionChannel;
	readonly socket = { connected: true, emit: (...event: unknown[]) => this.sent.push(event) };
	screen = "";
	faults = 0;
	isParsing = true;
	#unparsed: (() => void)[] = [];

	constructor() {
		const connection = {
			socket: this.socket,
			request: (_name: string, request: Asked["request"], onResult: (attached: Attached) => void) =>
				new Promise<Attached>((resolve) => {
					const answer = (attached: Attached): void => {
						onResult(attached);
						resolve(attached);
					};
					this.asked.push({ request, answer });
				}),
		};
		this.channel = new SessionChannel({
			connection: connection as unknown as GatewayConnection,
			pageId: "page",
			write: (bytes, onParsed) =>
				this.#later(() => {
					this.screen += new TextDecoder().decode(bytes);
					onParsed();
				}),
			reset: (onDone) =>
				this.#later(() => {
					this.screen = "";
					onDone();
				}),
			resize: () => {},
			onFault: () => {
				this.faults += 1;
			},
		});
	}

	parse(): void {
		for (let next = this.#unparsed.shift(); next !== undefined; next = this.#unparsed.shift()) next();
	}

	output(offset: number, text: string): void {
		this.channel.onOutput(offset, new TextEncoder().encode(text));
	}

	#later(task: () => void): void {
		this.#unparsed.push(task);
		if (this.isParsing) this.parse();
	}
}

function attached(from: number, entry: Partial<Attached> = {}): Attached {
	const session = { sessionId: SESSION, outputEnd: from };
	const sizes = [{ offset: from, ...SIZE }];
	return { session, from, snapshotEnd: null, sizes, inputAccepted: 0, ...entry } as unknown as Attached;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function live(): Promise<Stage> {
	const stage = new Stage();
	const opening = stage.channel.open("shell", SIZE);
	stage.asked.shift()?.answer(attached(0));
	await opening;
	return stage;
}

test("output that comes right behind the answer, before anybody who awaits it could act, is drawn", async () => {
	const stage = new Stage();
	const opening = stage.channel.open("shell", SIZE);
	stage.asked[0]?.answer(attached(0));
	stage.output(0, "$ ");
	assert.equal(stage.screen, "$ ");
	assert.equal((await opening).isRedrawn, false);
});

test("a second attachment, asked for while output is on its way to the screen, goes on behind all of it", async () => {
	const stage = await live();
	stage.isParsing = false;
	stage.output(0, "abc");
	const again = stage.channel.attach(SESSION, SIZE);
	stage.output(3, "of the attachment before");
	await turn();
	assert.equal(stage.asked.length, 0, "what is unparsed is waited for");
	stage.parse();
	await turn();
	assert.equal(stage.asked[0]?.request.from, 3);
	stage.asked[0].answer(attached(3));
	stage.isParsing = true;
	stage.output(3, "def");
	await again;
	assert.equal(stage.screen, "abcdef");
	assert.equal(stage.faults, 0);
});

test("an attachment that was asked for before the connection broke is not taken", async () => {
	const stage = await live();
	stage.output(0, "ab");
	const broken = stage.channel.attach(SESSION, SIZE);
	await turn();
	stage.channel.pause();
	stage.asked.shift()?.answer(attached(2));
	stage.output(2, "lost");
	await assert.rejects(broken, Superseded);
	const again = stage.channel.attach(SESSION, SIZE);
	await turn();
	stage.asked.shift()?.answer(attached(2));
	stage.output(2, "cd");
	await again;
	assert.equal(stage.screen, "abcd");
});

test("of two attachments asked for at once only the later is taken", async () => {
	const stage = await live();
	const first = stage.channel.attach(SESSION, SIZE);
	await turn();
	const second = stage.channel.attach(SESSION, SIZE);
	await turn();
	stage.asked.shift()?.answer(attached(0));
	stage.asked.shift()?.answer(attached(0));
	stage.output(0, "once");
	await assert.rejects(first, Superseded);
	await second;
	assert.equal(stage.screen, "once");
});

test("nothing is asked where there is no connection: it would be asked on the next one, about what was before", async () => {
	const stage = await live();
	stage.socket.connected = false;
	await assert.rejects(stage.channel.attach(SESSION, SIZE), RequestFailure);
	assert.equal(stage.asked.length, 0);
});

test("who was away for too long gets a snapshot, and is told that it is one", async () => {
	const stage = await live();
	stage.output(0, "old");
	const again = stage.channel.attach(SESSION, SIZE);
	await turn();
	const snapshot = "snapshot".repeat(4_000);
	stage.asked.shift()?.answer(attached(1, { snapshotEnd: 1 + snapshot.length }));
	stage.output(1, snapshot);
	assert.equal((await again).isRedrawn, true);
	assert.equal(stage.screen, snapshot);
	assert.deepEqual(stage.sent.at(-1), ["session:ack", SESSION, 1 + snapshot.length]);
});

test("a page that breaks off within a snapshot asks for all of it again, and is told nothing", async () => {
	const stage = new Stage();
	const fresh = stage.channel.attach(SESSION, SIZE);
	await turn();
	assert.equal(stage.asked[0]?.request.from, null);
	stage.asked.shift()?.answer(attached(0, { snapshotEnd: 8 }));
	await fresh;
	stage.output(0, "snap");
	const again = stage.channel.attach(SESSION, SIZE);
	await turn();
	assert.equal(stage.asked[0]?.request.from, null);
	stage.asked.shift()?.answer(attached(0, { snapshotEnd: 8 }));
	stage.output(0, "snapshot");
	assert.equal((await again).isRedrawn, false);
	assert.equal(stage.screen, "snapshot");
});

test("an attachment that leaves output out fails, and the next one begins anew", async () => {
	const stage = await live();
	stage.output(0, "ab");
	const skipping = stage.channel.attach(SESSION, SIZE);
	await turn();
	stage.asked.shift()?.answer(attached(7));
	await assert.rejects(skipping, RequestFailure);
	const again = stage.channel.attach(SESSION, SIZE);
	await turn();
	assert.equal(stage.asked[0]?.request.from, null);
	stage.asked.shift()?.answer(attached(0));
	stage.output(0, "abcdefgh");
	await again;
	assert.equal(stage.screen, "abcdefgh");
});
