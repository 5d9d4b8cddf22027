/** Makes one stream of an exec's standard input and output, which the engine sends in packets beside standard error. */
import { Duplex } from "node:stream";
import { BerthError } from "../../protocol/errors.ts";

/** `[u8 stream][3 zero bytes][u32 length][bytes]`, as in Docker's API for attaching without a TTY. */
const HEADER_BYTES = 8;
const STDOUT = 1;
/** Standard error kept to explain why the stream ended. The rest is dropped. */
const COMPLAINT_BYTES = 2_000;

/** Cuts what the engine sends back into the two streams. Holds at most an incomplete header. */
export class OutputSplitter {
	#header: Buffer = Buffer.alloc(0);
	#isStdout = false;
	#bytesLeft = 0;

	/** Calls back with views into `chunk`, in order. */
	push(chunk: Buffer, onStdout: (bytes: Buffer) => void, onStderr: (bytes: Buffer) => void): void {
		let rest = chunk;
		while (rest.length > 0) {
			if (this.#bytesLeft === 0) {
				rest = this.#readHeader(rest);
				continue;
			}
			const part = rest.subarray(0, this.#bytesLeft);
			this.#bytesLeft -= part.length;
			rest = rest.subarray(part.length);
			(this.#isStdout ? onStdout : onStderr)(part);
		}
	}

	/** Returns what follows the header, or nothing where more of it is to come. */
	#readHeader(bytes: Buffer): Buffer {
		const missing = HEADER_BYTES - this.#header.length;
		this.#header = Buffer.concat([this.#header, bytes.subarray(0, missing)]);
		if (this.#header.length === HEADER_BYTES) {
			this.#isStdout = this.#header.readUInt8(0) === STDOUT;
			this.#bytesLeft = this.#header.readUInt32BE(4);
			this.#header = Buffer.alloc(0);
		}
		return bytes.subarray(missing);
	}
}

/**
 * Reads and writes the exec behind `connection`. Destroying it ends the connection, at which the engine closes the
 * program's standard input. A program that ended with a complaint fails the stream with LINK_BROKEN.
 */
export class ExecStream extends Duplex {
	readonly #connection: Duplex;
	readonly #splitter = new OutputSplitter();
	#complaint = "";

	constructor(connection: Duplex) {
		super({ allowHalfOpen: false });
		this.#connection = connection;
		connection.on("data", (chunk: Buffer) => this.#receive(chunk));
		connection.on("error", (cause) => this.destroy(new BerthError("LINK_BROKEN", { cause })));
		connection.on("end", () => this.#end());
		connection.on("close", () => this.destroy());
	}

	override _read(): void {
		this.#connection.resume();
	}

	override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
		this.#connection.write(chunk, done);
	}

	override _final(done: (error?: Error | null) => void): void {
		this.#connection.end(done);
	}

	override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
		this.#connection.destroy();
		done(error);
	}

	#receive(chunk: Buffer): void {
		this.#splitter.push(
			chunk,
			(bytes) => {
				if (!this.push(bytes)) this.#connection.pause();
			},
			(bytes) => {
				this.#complaint = (this.#complaint + bytes.toString("utf8")).slice(0, COMPLAINT_BYTES);
			},
		);
	}

	#end(): void {
		const detail = this.#complaint.trim();
		if (detail === "") this.push(null);
		else this.destroy(new BerthError("LINK_BROKEN", { detail }));
	}
}
