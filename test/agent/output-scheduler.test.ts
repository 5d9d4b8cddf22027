import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Attachment } from "../../container-image/agent/attachment.ts";
import { CHUNK_BYTES, LINK_BUFFER_BYTES, OutputScheduler } from "../../container-image/agent/output-scheduler.ts";
import { Replay } from "../../container-image/agent/replay.ts";
import { OUTPUT_TAIL_BYTES, OUTPUT_WINDOW_BYTES } from "../../server/protocol/limits.ts";
import { DEFAULT_SIZE, newPageId } from "./link-client.ts";

/** Nothing is drawn here. */
const maker = { make: async () => null };

/** A link whose taking is in the test's hands. */
function createLink() {
	const sent: { channel: number; offset: number; bytes: Buffer }[] = [];
	const pipe = {
		bufferedBytes: 0,
		send({ channel }: Attachment, offset: number, bytes: Buffer) {
			sent.push({ channel, offset, bytes: Buffer.from(bytes) });
			this.bufferedBytes += bytes.length;
		},
	};
	const scheduler = new OutputScheduler(pipe);
	const carrier = { onReady: (ready: Attachment) => scheduler.add(ready), onDetached: () => {} };
	const attach = (channel: number) => {
		const replay = new Replay({ capacity: 4 * 1024 * 1024, size: DEFAULT_SIZE, maker, onRelieved: () => {} });
		const attachment = new Attachment({ channel, pageId: newPageId(), size: DEFAULT_SIZE, carrier }, replay, 0);
		attachment.begin();
		const print = (bytes: number) => {
			replay.append(Buffer.alloc(bytes, channel));
			attachment.wake();
		};
		return { attachment, print };
	};
	const takeAll = () => {
		pipe.bufferedBytes = 0;
		scheduler.pump();
	};
	return { sent, pipe, scheduler, attach, takeAll };
}

test("output after a pause goes out at once, what follows is collected into few frames", async () => {
	const { sent, attach, scheduler } = createLink();
	const { print } = attach(1);
	print(3);
	assert.deepEqual(
		sent.map(({ bytes }) => bytes.length),
		[3],
	);
	for (let i = 0; i < 1_000; i += 1) print(5);
	await sleep(20);
	assert.equal(
		sent.reduce((sum, { bytes }) => sum + bytes.length, 0),
		5_003,
	);
	assert.ok(sent.length < 50, `${sent.length} frames`);
	scheduler.close();
});

test("an echo waits for one chunk of each flooding session at most", () => {
	const { sent, attach, takeAll, scheduler } = createLink();
	const floods = [1, 2, 3].map(attach);
	for (const { print } of floods) print(400_000);
	const before = sent.length;
	attach(9).print(1);
	takeAll();
	const echoAt = sent.findIndex(({ channel }) => channel === 9);
	assert.ok(echoAt >= 0 && echoAt - before <= floods.length, `echo is frame ${echoAt - before} of the next turn`);
	assert.ok(sent.every(({ bytes }) => bytes.length <= CHUNK_BYTES));
	scheduler.close();
});

test("while somebody types, another's flood sends one chunk at a time, and goes on at full speed afterwards", async () => {
	const { sent, attach, scheduler } = createLink();
	const typist = attach(9);
	const flood = attach(1);
	scheduler.typed(typist.attachment);
	flood.print(40 * CHUNK_BYTES);
	assert.equal(sent.length, 1);
	scheduler.remove(typist.attachment);
	scheduler.typed(flood.attachment);
	await sleep(20);
	assert.ok(sent.length >= LINK_BUFFER_BYTES / CHUNK_BYTES, `${sent.length} chunks`);
	scheduler.close();
});

test("a page that owes no more than a tail of acknowledgements has not stalled, one that owes more has", () => {
	const { attach, scheduler } = createLink();
	const { attachment, print } = attach(1);
	print(OUTPUT_TAIL_BYTES - 1);
	const later = performance.now() + 1_000_000;
	assert.equal(attachment.stalledFor(later), 0);
	print(2 * CHUNK_BYTES);
	scheduler.pump();
	attachment.take(CHUNK_BYTES);
	assert.ok(attachment.stalledFor(later) > 900_000);
	attachment.credit(attachment.window.position);
	assert.equal(attachment.stalledFor(later), 0);
	scheduler.close();
});

test("what the link has buffered is bounded, and it goes on when the link has taken it", () => {
	const { sent, pipe, attach, takeAll, scheduler } = createLink();
	const floods = [1, 2, 3, 4].map(attach);
	for (const { print } of floods) print(300_000);
	assert.ok(pipe.bufferedBytes < LINK_BUFFER_BYTES + CHUNK_BYTES);
	while (pipe.bufferedBytes > 0) takeAll();
	const perChannel = Map.groupBy(sent, ({ channel }) => channel);
	for (const [channel, frames] of perChannel) {
		const all = Buffer.concat(frames.map(({ bytes }) => bytes));
		assert.ok(all.length >= 300_000 - CHUNK_BYTES, `channel ${channel} got ${all.length} bytes`);
		assert.ok(all.every((byte) => byte === channel));
	}
	scheduler.close();
});

test("an attachment without credit is sent its window and no more, until credit comes", () => {
	const { sent, attach, takeAll, scheduler, pipe } = createLink();
	const { attachment, print } = attach(1);
	print(2 * OUTPUT_WINDOW_BYTES);
	while (pipe.bufferedBytes > 0) takeAll();
	const total = () => sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
	assert.equal(total(), OUTPUT_WINDOW_BYTES);
	attachment.window.credit(100_000);
	attachment.wake();
	while (pipe.bufferedBytes > 0) takeAll();
	assert.ok(total() > OUTPUT_WINDOW_BYTES + 100_000 - CHUNK_BYTES && total() <= OUTPUT_WINDOW_BYTES + 100_000);
	scheduler.close();
});
