import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { ExecStream, OutputSplitter } from "../../server/drivers/docker/exec-stream.ts";
import { BerthError } from "../../server/protocol/errors.ts";

const STDOUT = 1;
const STDERR = 2;

function packet(stream: number, bytes: Uint8Array): Buffer {
	const header = Buffer.alloc(8);
	header.writeUInt8(stream, 0);
	header.writeUInt32BE(bytes.length, 4);
	return Buffer.concat([header, bytes]);
}

/** What the engine's side of the connection sees, and a hand on it. */
function fakeConnection(): { connection: Duplex; received: Buffer[]; send(bytes: Buffer | null): boolean } {
	const received: Buffer[] = [];
	const connection = new Duplex({
		read() {},
		write(chunk: Buffer, _encoding, done) {
			received.push(chunk);
			done();
		},
	});
	return { connection, received, send: (bytes) => connection.push(bytes) };
}

test("both streams come out whole, however the engine's packets are cut", () => {
	const packets = fc.array(
		fc.record({ stream: fc.constantFrom(STDOUT, STDERR), bytes: fc.uint8Array({ maxLength: 50 }) }),
	);
	fc.assert(
		fc.property(packets, fc.integer({ min: 1, max: 40 }), (sent, chunkLength) => {
			const wire = Buffer.concat(sent.map(({ stream, bytes }) => packet(stream, bytes)));
			const got = { [STDOUT]: Buffer.alloc(0), [STDERR]: Buffer.alloc(0) };
			const take = (stream: 1 | 2) => (bytes: Buffer) => {
				got[stream] = Buffer.concat([got[stream], bytes]);
			};
			const splitter = new OutputSplitter();
			for (let at = 0; at < wire.length; at += chunkLength) {
				splitter.push(wire.subarray(at, at + chunkLength), take(STDOUT), take(STDERR));
			}
			for (const stream of [STDOUT, STDERR] as const) {
				const expected = Buffer.concat(sent.filter((one) => one.stream === stream).map(({ bytes }) => bytes));
				assert.deepEqual(got[stream], expected);
			}
		}),
	);
});

test("what is written goes to the connection as it is", async () => {
	const { connection, received } = fakeConnection();
	const stream = new ExecStream(connection);
	stream.write("one");
	stream.end("two");
	await once(stream, "finish");
	assert.equal(Buffer.concat(received).toString(), "onetwo");
	stream.destroy();
});

test("a reader that does not read stops the connection, and starts it again", async () => {
	const { connection, send } = fakeConnection();
	const stream = new ExecStream(connection);
	send(packet(STDOUT, Buffer.alloc(64 * 1024)));
	await turn();
	assert.ok(connection.isPaused(), "nobody reads");
	let bytes = 0;
	stream.on("data", (chunk: Buffer) => {
		bytes += chunk.length;
	});
	send(packet(STDOUT, Buffer.alloc(64 * 1024)));
	await turn();
	await turn();
	assert.equal(bytes, 2 * 64 * 1024);
	assert.ok(!connection.isPaused());
	stream.destroy();
});

test("a program that ends with a complaint fails the stream with it", async () => {
	const { connection, send } = fakeConnection();
	const stream = new ExecStream(connection);
	stream.resume();
	send(packet(STDERR, Buffer.from("socat: connection refused\n")));
	send(null);
	const [error] = await once(stream, "error");
	assert.ok(error instanceof BerthError);
	assert.equal(error.code, "LINK_BROKEN");
	assert.equal(error.detail, "socat: connection refused");
	assert.ok(connection.destroyed);
});

test("a program that ends without a word ends the stream", async () => {
	const { connection, send } = fakeConnection();
	const stream = new ExecStream(connection);
	stream.resume();
	send(packet(STDOUT, Buffer.from("last words")));
	send(null);
	await once(stream, "close");
	assert.ok(stream.readableEnded);
	assert.ok(connection.destroyed);
});

test("whichever side is destroyed takes the other with it", async () => {
	const one = fakeConnection();
	const stream = new ExecStream(one.connection);
	stream.destroy();
	assert.ok(one.connection.destroyed);

	const other = fakeConnection();
	const orphan = new ExecStream(other.connection);
	other.connection.destroy();
	await once(orphan, "close");
	assert.ok(orphan.destroyed);
});
