/**
 * The newest output of one session, addressed by absolute offset. Takes memory as it fills, doubling, and never more
 * than its capacity; from then on each byte that comes in pushes the oldest one out.
 */
const FIRST_SIZE_BYTES = 4 * 1024;

export class ReplayRing {
	/** The byte at offset `o` stands at `o % length`. */
	#bytes: Buffer;
	#start = 0;
	#end = 0;
	readonly capacity: number;

	/** `capacity` in bytes, at least 1. */
	constructor(capacity: number) {
		this.capacity = capacity;
		this.#bytes = Buffer.allocUnsafeSlow(Math.min(FIRST_SIZE_BYTES, capacity));
	}

	/** Offset of the oldest byte that can still be read. */
	get start(): number {
		return this.#start;
	}

	/** Offset behind the newest byte: how many bytes there have ever been. */
	get end(): number {
		return this.#end;
	}

	/** Memory held now, bytes. */
	get size(): number {
		return this.#bytes.length;
	}

	append(chunk: Buffer): void {
		this.#growFor(this.#end - this.#start + chunk.length);
		const size = this.#bytes.length;
		const kept = chunk.length > size ? chunk.subarray(chunk.length - size) : chunk;
		this.#end += chunk.length;
		this.#put(kept, this.#end - kept.length);
		this.#start = Math.max(this.#start, this.#end - size);
	}

	/**
	 * Up to `max` bytes from `offset` on, which must not lie before `start`. May be fewer than there are, never none
	 * where there are some. The result is valid until the next `append`.
	 */
	read(offset: number, max: number): Buffer {
		if (offset < this.#start || offset > this.#end) throw new RangeError(`offset ${offset} is not in the ring`);
		const at = offset % this.#bytes.length;
		const length = Math.min(max, this.#end - offset, this.#bytes.length - at);
		return this.#bytes.subarray(at, at + length);
	}

	/** All bytes from `from` to `to`, which must be there. A copy. */
	copy(from: number, to: number): Buffer {
		const first = this.read(from, to - from);
		return Buffer.concat([first, this.read(from + first.length, to - from - first.length)]);
	}

	/** Forgets the bytes before `offset`, and gives back the memory that those behind it do not need. */
	forget(offset: number): void {
		const start = Math.max(this.#start, Math.min(offset, this.#end));
		const kept = this.copy(start, this.#end);
		this.#start = start;
		this.#bytes = Buffer.allocUnsafeSlow(Math.max(1, kept.length));
		this.#put(kept, start);
	}

	#growFor(needed: number): void {
		let size = this.#bytes.length;
		while (size < needed && size < this.capacity) size = Math.min(size * 2, this.capacity);
		if (size === this.#bytes.length) return;
		const kept = this.copy(this.#start, this.#end);
		this.#bytes = Buffer.allocUnsafeSlow(size);
		this.#put(kept, this.#start);
	}

	/** Writes `bytes`, no more than fit, as those from `offset` on. */
	#put(bytes: Buffer, offset: number): void {
		const at = offset % this.#bytes.length;
		const untilEdge = Math.min(bytes.length, this.#bytes.length - at);
		bytes.copy(this.#bytes, at, 0, untilEdge);
		bytes.copy(this.#bytes, 0, untilEdge);
	}
}
